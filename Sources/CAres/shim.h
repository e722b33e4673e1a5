#if __has_include(<features.h>)
#include <features.h>
#endif

// Without it this module would declare the C library's structures, `timespec` among them, and a release build would ask every
// user of them to import c-ares.
#ifdef __GLIBC__
#pragma clang module import SwiftGlibc
#endif

#include <ares.h>
