// netc: from the description of a neural network to a program that trains it.
//
//     mnist.net ─▶ AST ─▶ graphs ─▶ simplified graphs ─▶ kernels ─▶ LLVM IR, assembly or an object ─▶ mnist
//             parse  elaborate    simplify         schedule     codegen                      link
//
// compile() is that picture. A stage gets what the one before it made and reports mistakes to `diag`; only this file and
// driver/ print anything.
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codegen/codegen.h"
#include "driver/derivation.h"
#include "driver/format_files.h"
#include "driver/link.h"
#include "driver/options.h"
#include "driver/output.h"
#include "driver/show.h"
#include "driver/stopwatch.h"
#include "elaborate/elaborate.h"
#include "schedule/plan.h"
#include "simplify/simplify.h"
#include "support/source.h"
#include "syntax/ast.h"

typedef struct Compilation {
    Arena *perm;
    Diagnostics *diag;
    Options options;
    Stopwatch watch;
    StrBuf printed; // by `print` in the file
    int program;    // with --run: what is to be executed, else -1
} Compilation;

static bool write_text(Compilation *c, StrBuf *text) {
    const char *path = c->options.output ? c->options.output : "-";
    bool ok = output_write(c->perm, c->diag, path, text->text ? text->text : "", text->length);
    strbuf_free(text);
    return ok;
}

static void verify_entries(const Program *program, const char *stage) {
#ifndef NDEBUG
    for (int e = 0; e < ENTRY_COUNT; e++) {
        const Entry *entry = &program->entries[e];
        if (entry->present) graph_verify(entry->graph, entry->outputs, entry->output_count, stage);
    }
#else
    (void)program, (void)stage;
#endif
}

// Each entry gets a graph of its own: of the one that elaboration made, what that entry needs.
static void simplify_entries(Program *program) {
    verify_entries(program, "elaborate");
    for (int e = 0; e < ENTRY_COUNT; e++) {
        Entry *entry = &program->entries[e];
        if (entry->present) entry->graph = simplify(entry->graph, entry->outputs, entry->output_count);
    }
    verify_entries(program, "simplify");
}

static void lap(void *watch, const char *stage) { stopwatch_lap(watch, stage); }

// Everything from the plan on: code, and with it the result.
static bool generate(Compilation *c, const Plan *plan) {
    const Options *options = &c->options;
    CodegenKind kind = options->emit == EMIT_LLVM ? CODEGEN_LLVM : options->emit == EMIT_ASM ? CODEGEN_ASM : CODEGEN_OBJECT;
    CodegenResult code = {0};
    CodegenOptions codegen_options = {
        .optimize = options->optimize, .compiler = netc_version_text, .lap = lap, .lap_context = &c->watch};
    codegen(plan, kind, &codegen_options, &code);
    c->watch.kernels = code.kernels;
    c->watch.distinct = code.distinct;
    bool ok;
    if (options->emit != EMIT_PROGRAM) {
        ok = output_write(c->perm, c->diag, options->output, code.bytes, code.length);
    } else if (options->run) {
        c->program = link_temporary(c->perm, c->diag, &code);
        ok = c->program >= 0;
        stopwatch_lap(&c->watch, "link");
    } else {
        ok = link_program(c->perm, c->diag, &code, options->output);
        stopwatch_lap(&c->watch, "link");
    }
    free(code.bytes);
    return ok;
}

// False when there were errors; they are in c->diag, and nothing was written.
static bool compile(Compilation *c) {
    const Options *options = &c->options;
    StrBuf text = {0};
    uint32_t file;
    if (!source_read(c->perm, c->diag, SPAN_NONE, options->input, &file)) return false;

    Ast *ast = parse_file(c->perm, c->diag, file);
    stopwatch_lap(&c->watch, "parse");
    if (options->emit == EMIT_AST) {
        if (diag_error_count(c->diag) > 0) return false;
        ast_print(ast, &text);
        return write_text(c, &text);
    }

    Program program = {0};
    ElaborateOptions elaborate_options = {.float_type = options->float_type,
                                          .defines = options->defines,
                                          .define_count = options->define_count,
                                          .derivation = derivation_text,
                                          .printed = &c->printed};
    bool elaborated = elaborate(c->perm, c->diag, ast, file, &elaborate_options, &program);
    stopwatch_lap(&c->watch, "elaborate");
    if (!elaborated || diag_error_count(c->diag) > 0) return false;

    simplify_entries(&program);
    stopwatch_lap(&c->watch, "simplify");
    if (options->emit == EMIT_CHECK) show_summary(&program, &text);
    if (options->emit == EMIT_GRAPH) show_graphs(&program, &text);
    if (options->emit == EMIT_GRAD) show_grad(&program, &text);
    if (options->emit == EMIT_CHECK || options->emit == EMIT_GRAPH || options->emit == EMIT_GRAD) return write_text(c, &text);

    Plan *plan = schedule(c->perm, &program, options->target, &(ScheduleOptions){.fuse = options->optimize});
    stopwatch_lap(&c->watch, "schedule");
    if (options->emit == EMIT_KERNELS) {
        plan_print(plan, &text);
        return write_text(c, &text);
    }
    return generate(c, plan);
}

static int list(Compilation *c) {
    StrBuf text = {0};
    if (!library_list(c->perm, c->options.list_kind, c->options.markdown, &text)) {
        fprintf(stderr,
                "netc: --list %s: unknown kind; there are layers, activations, losses, initialisers, optimizers, schedules, "
                "data, ops, functions, warnings\n",
                c->options.list_kind);
        return STATUS_USAGE;
    }
    bool ok = write_text(c, &text);
    diag_print(c->diag, stderr);
    return ok ? STATUS_DONE : STATUS_INPUT;
}

static int explain_name(Compilation *c) {
    const Options *options = &c->options;
    StrBuf text = {0};
    uint32_t file = FILE_NONE;
    ElaborateOptions elaborate_options = {.float_type = options->float_type,
                                          .defines = options->defines,
                                          .define_count = options->define_count,
                                          .derivation = derivation_text};
    const Ast *ast = NULL;
    bool ok = !options->input || source_read(c->perm, c->diag, SPAN_NONE, options->input, &file);
    if (ok && options->input) ast = parse_file(c->perm, c->diag, file);
    ok = ok && diag_error_count(c->diag) == 0 &&
         explain(c->perm, c->diag, ast, file, &elaborate_options, options->explain, &text);
    if (ok) ok = write_text(c, &text);
    strbuf_free(&text);
    fflush(stdout);
    diag_print(c->diag, stderr);
    return ok ? STATUS_DONE : STATUS_INPUT;
}

// Becomes the program: returns only if that failed.
static int run(Compilation *c) {
    char **arguments = c->options.run_arguments;
    size_t count = 0;
    while (arguments[count]) count++;
    char **vector = NEW_ARRAY(c->perm, char *, count + 2);
    const char *base = options_base_name(c->perm, c->options.input);
    vector[0] = (char *)(base ? base : c->options.input);
    memcpy(vector + 1, arguments, count * sizeof *vector);
    fflush(NULL);
    extern char **environ;
    fexecve(c->program, vector, environ);
    fprintf(stderr, "netc: cannot run the program: %s\n", strerror(errno));
    return STATUS_INPUT;
}

// Compiles and says what there is to say.
static int compile_and_report(Compilation *c) {
    stopwatch_start(&c->watch, c->perm);
    bool ok = compile(c);
    bool results_on_output = c->options.run || (c->options.output && strcmp(c->options.output, "-") == 0);
    if (c->printed.length) fwrite(c->printed.text, 1, c->printed.length, results_on_output ? stderr : stdout);
    strbuf_free(&c->printed);
    fflush(stdout);
    diag_print(c->diag, stderr);
    if (c->options.time) {
        StrBuf table = {0};
        stopwatch_print(&c->watch, &table);
        fputs(table.text, stderr);
        strbuf_free(&table);
    }
    if (!ok) return STATUS_INPUT;
    return c->options.run ? run(c) : STATUS_DONE;
}

int main(int argc, char **argv) {
    Compilation c = {.perm = arena_new(), .program = -1};
    jmp_buf exhausted;
    int status = STATUS_INPUT;
    if (setjmp(exhausted)) {
        fputs("netc: out of memory\n", stderr);
        return STATUS_INPUT;
    }
    arena_on_exhaustion(c.perm, &exhausted);
    OptionsOutcome outcome = options_parse(c.perm, argc, argv, &c.options);
    if (outcome == OPTIONS_COMPILE) {
        c.diag = diag_new(c.perm, &c.options.diagnostics);
        if (c.options.list) status = list(&c);
        else if (c.options.explain) status = explain_name(&c);
        else if (c.options.format) status = (int)format_files(c.perm, &c.options);
        else status = compile_and_report(&c);
    } else status = outcome == OPTIONS_WRONG ? STATUS_USAGE : STATUS_DONE;
    arena_free(c.perm);
    return status;
}
