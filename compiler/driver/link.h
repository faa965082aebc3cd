// From an object to a program: linked with libnetrt.a by the system's C compiler.
#pragma once

#include "codegen/codegen.h"

// Writes the executable `path`. False when that failed, which is reported.
bool link_program(Arena *perm, Diagnostics *diag, const CodegenResult *object, const char *path);

// Links to a temporary file that is gone again when this returns; a descriptor to execute, or -1, which is reported.
int link_temporary(Arena *perm, Diagnostics *diag, const CodegenResult *object);
