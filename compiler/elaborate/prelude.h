// The standard library: the .net files of compiler/prelude/, built into the compiler (see cmake/EmbedPrelude.cmake).
#pragma once

#include <stddef.h>

typedef struct PreludeFile {
    const char *name;          // "prelude/layers.net"
    const unsigned char *text; // NUL-terminated
    size_t length;
} PreludeFile;

extern const PreludeFile prelude_files[];
extern const size_t prelude_file_count;
