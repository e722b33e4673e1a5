// The pages that the admin API serves, embedded from the files in `pages`.
#pragma once
#include <stddef.h>

// Constants of the program, so threads may share them.
typedef struct __attribute__((swift_attr("@Sendable"))) {
    const void *bytes;
    size_t count;
} embedded_file;

extern const embedded_file dashboard_html;
extern const embedded_file dashboard_css;
extern const embedded_file dashboard_js;
extern const embedded_file api_docs_html;
extern const embedded_file api_docs_css;
extern const embedded_file api_docs_js;
