/* assets.h - the dashboard's files and the API description, as bytes inside the program (assets.S).
 * */
#ifndef SG_SERVE_ASSETS_H
#define SG_SERVE_ASSETS_H

typedef struct sg_asset {
    const char *path, *type;
    const unsigned char *begin, *end;
} sg_asset;

extern const unsigned char sg_asset_index_html[], sg_asset_index_html_end[];
extern const unsigned char sg_asset_app_js[], sg_asset_app_js_end[];
extern const unsigned char sg_asset_uplot_js[], sg_asset_uplot_js_end[];
extern const unsigned char sg_asset_uplot_css[], sg_asset_uplot_css_end[];
extern const unsigned char sg_asset_base_js[], sg_asset_base_js_end[];
extern const unsigned char sg_asset_charts_js[], sg_asset_charts_js_end[];
extern const unsigned char sg_asset_panels_js[], sg_asset_panels_js_end[];
extern const unsigned char sg_asset_line_js[], sg_asset_line_js_end[];
extern const unsigned char sg_asset_racks_js[], sg_asset_racks_js_end[];
extern const unsigned char sg_asset_decisions_js[], sg_asset_decisions_js_end[];
extern const unsigned char sg_asset_alarms_js[], sg_asset_alarms_js_end[];
extern const unsigned char sg_asset_login_js[], sg_asset_login_js_end[];
extern const unsigned char sg_asset_style_css[], sg_asset_style_css_end[];
extern const unsigned char sg_asset_rehearse_js[], sg_asset_rehearse_js_end[];
extern const unsigned char sg_asset_rehearse_css[], sg_asset_rehearse_css_end[];
extern const unsigned char sg_asset_setup_html[], sg_asset_setup_html_end[];
extern const unsigned char sg_asset_setup_js[], sg_asset_setup_js_end[];
extern const unsigned char sg_asset_favicon_svg[], sg_asset_favicon_svg_end[];
extern const unsigned char sg_asset_openapi_json[], sg_asset_openapi_json_end[];
#endif
