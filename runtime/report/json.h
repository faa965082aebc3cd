// JSON values, written so that numbers read back exactly.
#pragma once

#include <stdint.h>
#include <stdio.h>

void netrt_json_string(FILE *out, const char *text);
// The shortest of the usual notations that reads back as the same double; null for NaN and infinities, which JSON lacks.
void netrt_json_number(FILE *out, double number);
