#include "CPages.h"

static const unsigned char dashboard_html_bytes[] = {
#embed "pages/dashboard.html"
};
const embedded_file dashboard_html = {dashboard_html_bytes, sizeof dashboard_html_bytes};

static const unsigned char dashboard_css_bytes[] = {
#embed "pages/dashboard.css"
};
const embedded_file dashboard_css = {dashboard_css_bytes, sizeof dashboard_css_bytes};

static const unsigned char dashboard_js_bytes[] = {
#embed "pages/dashboard.js"
};
const embedded_file dashboard_js = {dashboard_js_bytes, sizeof dashboard_js_bytes};

static const unsigned char api_docs_html_bytes[] = {
#embed "pages/api-docs.html"
};
const embedded_file api_docs_html = {api_docs_html_bytes, sizeof api_docs_html_bytes};

static const unsigned char api_docs_css_bytes[] = {
#embed "pages/api-docs.css"
};
const embedded_file api_docs_css = {api_docs_css_bytes, sizeof api_docs_css_bytes};

static const unsigned char api_docs_js_bytes[] = {
#embed "pages/api-docs.js"
};
const embedded_file api_docs_js = {api_docs_js_bytes, sizeof api_docs_js_bytes};
