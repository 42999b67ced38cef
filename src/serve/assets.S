/* Files that the program carries. Include paths: web and src. */
    .section .rodata

    .macro asset name, file
    .balign 16
    .global sg_asset_\name
    .type sg_asset_\name, %object
sg_asset_\name:
    .incbin "\file"
    .global sg_asset_\name\()_end
sg_asset_\name\()_end:
    .byte 0
    .size sg_asset_\name, . - sg_asset_\name
    .endm

    asset index_html, "index.html"
    asset app_js, "app.js"
    asset uplot_js, "uplot/uplot.js"
    asset uplot_css, "uplot/uplot.css"
    asset base_js, "base.js"
    asset charts_js, "charts.js"
    asset panels_js, "panels.js"
    asset line_js, "line.js"
    asset racks_js, "racks.js"
    asset decisions_js, "decisions.js"
    asset alarms_js, "alarms.js"
    asset login_js, "login.js"
    asset style_css, "style.css"
    asset rehearse_js, "rehearse.js"
    asset rehearse_css, "rehearse.css"
    asset setup_html, "setup.html"
    asset setup_js, "setup.js"
    asset favicon_svg, "favicon.svg"
    asset openapi_json, "serve/openapi.json"

    .section .note.GNU-stack, "", %progbits
