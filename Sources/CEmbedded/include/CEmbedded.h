#pragma once

#include <stddef.h>

/// A file of the source tree as it was when this was compiled. Its bytes live as long as the process.
struct sallyport_embedded_file {
    /// Its name without folders.
    const char *name;
    const unsigned char *bytes;
    size_t length;
};

/// A fixed list of files in the order in which they are used.
struct sallyport_embedded_files {
    const struct sallyport_embedded_file *files;
    size_t count;
};

/// migrations/*.sql, first to last.
struct sallyport_embedded_files sallyport_migrations(void);
/// Sources/Catalogue/Providers/*.yaml.
struct sallyport_embedded_files sallyport_providers(void);
/// docs/openapi.yaml.
struct sallyport_embedded_file sallyport_openapi(void);
