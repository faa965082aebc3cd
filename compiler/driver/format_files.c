// Rewrites files in canonical form, or shows what that would change. A file with errors stays as it is, and so does one that is
// in canonical form; the others are gone on with.
#include "driver/format_files.h"

#include <string.h>

#include "driver/diff.h"
#include "driver/output.h"
#include "support/source.h"
#include "syntax/format.h"

typedef struct Formatting {
    Arena *perm;
    const Options *options;
    bool changed;
} Formatting;

static bool write_result(Formatting *f, Diagnostics *diag, const SourceFile *file, bool piped, const StrBuf *text) {
    const char *after = text->text ? text->text : "";
    bool same = text->length == file->length && memcmp(after, file->text, file->length) == 0;
    f->changed |= !same;
    if (f->options->diff) {
        StrBuf difference = {0};
        diff_print(f->perm, file->path, file->text, after, &difference);
        bool ok = output_write(f->perm, diag, "-", difference.text ? difference.text : "", difference.length);
        strbuf_free(&difference);
        return ok;
    }
    if (piped) return output_write(f->perm, diag, "-", after, text->length);
    if (same) return true;
    if (!output_replace(f->perm, diag, file->path, after, text->length)) return false;
    printf("formatted %s\n", file->path);
    return true;
}

static bool format_one(Formatting *f, const char *path) {
    Diagnostics *diag = diag_new(f->perm, &f->options->diagnostics);
    StrBuf text = {0};
    uint32_t file;
    bool piped = strcmp(path, "-") == 0;
    bool ok = source_read(f->perm, diag, SPAN_NONE, piped ? "/dev/stdin" : path, &file) &&
              format_file(f->perm, diag, file, &text) && write_result(f, diag, diag_file(diag, file), piped, &text);
    strbuf_free(&text);
    fflush(stdout);
    diag_print(diag, stderr);
    return ok;
}

ExitStatus format_files(Arena *perm, const Options *options) {
    Formatting f = {.perm = perm, .options = options};
    bool ok = true;
    for (size_t i = 0; i < options->file_count; i++) ok &= format_one(&f, options->files[i]);
    return !ok || (options->diff && f.changed) ? STATUS_INPUT : STATUS_DONE;
}
