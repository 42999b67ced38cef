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
extern const unsigned char sg_asset_style_css[], sg_asset_style_css_end[];
extern const unsigned char sg_asset_favicon_svg[], sg_asset_favicon_svg_end[];
extern const unsigned char sg_asset_openapi_json[], sg_asset_openapi_json_end[];
#endif
