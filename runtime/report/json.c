// The few pieces of JSON that programs write.
#include "report/json.h"

#include <math.h>
#include <stdlib.h>

void netrt_json_string(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\') fprintf(out, "\\%c", *c);
        else if (*c < 0x20) fprintf(out, "\\u%04x", *c);
        else fputc(*c, out);
    }
    fputc('"', out);
}

void netrt_json_number(FILE *out, double number) {
    char text[32];
    if (!isfinite(number)) {
        fputs("null", out);
        return;
    }
    snprintf(text, sizeof text, "%.15g", number);
    if (strtod(text, NULL) != number) snprintf(text, sizeof text, "%.17g", number);
    fputs(text, out);
}
