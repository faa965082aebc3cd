// What of a program is shown as text.
#pragma once

#include "ir/program.h"

void show_summary(const Program *program, StrBuf *out); // --check
void show_graphs(const Program *program, StrBuf *out);  // --emit=graph
void show_grad(const Program *program, StrBuf *out);    // --emit=grad
