#include "CPages.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

// Several files follow each other in one array. Each ends with a newline.

static const unsigned char dashboard_html_bytes[] = {
#embed "pages/dashboard/dashboard.html"
};
const embedded_file dashboard_html = {dashboard_html_bytes, sizeof dashboard_html_bytes};

static const unsigned char dashboard_css_bytes[] = {
#embed "pages/base.css"
    ,
#embed "pages/dashboard/dashboard.css"
};
const embedded_file dashboard_css = {dashboard_css_bytes, sizeof dashboard_css_bytes};

static const unsigned char dashboard_js_bytes[] = {
#embed "pages/base.js"
    ,
#embed "pages/dashboard/chart.js"
    ,
#embed "pages/dashboard/overview.js"
    ,
#embed "pages/dashboard/route-detail.js"
    ,
#embed "pages/dashboard/routes.js"
    ,
#embed "pages/dashboard/upstreams.js"
    ,
#embed "pages/dashboard/events.js"
    ,
#embed "pages/dashboard/alerts.js"
    ,
#embed "pages/dashboard/configuration.js"
    ,
#embed "pages/dashboard/loop.js"
};
const embedded_file dashboard_js = {dashboard_js_bytes, sizeof dashboard_js_bytes};

static const unsigned char api_docs_html_bytes[] = {
#embed "pages/api-docs/api-docs.html"
};
const embedded_file api_docs_html = {api_docs_html_bytes, sizeof api_docs_html_bytes};

static const unsigned char api_docs_css_bytes[] = {
#embed "pages/base.css"
    ,
#embed "pages/api-docs/api-docs.css"
};
const embedded_file api_docs_css = {api_docs_css_bytes, sizeof api_docs_css_bytes};

static const unsigned char api_docs_js_bytes[] = {
#embed "pages/base.js"
    ,
#embed "pages/api-docs/api-docs.js"
};
const embedded_file api_docs_js = {api_docs_js_bytes, sizeof api_docs_js_bytes};
