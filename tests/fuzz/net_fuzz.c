// Fuzz target: the compiler without code generation, from the text of a .net file to kernels, and everything that is shown on
// the way. The file either has errors, and they are said, or it becomes a program.
#include "fuzz.h"

#include <setjmp.h>

#include "elaborate/elaborate.h"
#include "schedule/plan.h"
#include "simplify/simplify.h"
#include "support/strbuf.h"
#include "syntax/format.h"
#include "syntax/ast.h"

// Scheduling takes ten times as long as all before it. A fuzzer's programs are scheduled if they are small, and of these some
// that are told by their length, so that a text is always treated in the same way.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { SCHEDULED_NODES = 1000, SCHEDULED_LENGTHS = 8 };
#else
enum { SCHEDULED_NODES = 10000, SCHEDULED_LENGTHS = 1 };
#endif

// Diagnostics as a person and as a program gets them.
static void print_diagnostics(const Diagnostics *diag) {
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    HOLDS(stream);
    diag_print(diag, stream);
    fclose(stream);
    HOLDS((length > 0) >= (diag_error_count(diag) > 0));
    free(text);
}

// How many nodes are left.
static size_t simplify_program(Program *program) {
    size_t nodes = 0;
    for (int e = 0; e < ENTRY_COUNT; e++) {
        Entry *entry = &program->entries[e];
        if (!entry->present) continue;
        graph_verify(entry->graph, entry->outputs, entry->output_count, "elaborate");
        entry->graph = simplify(entry->graph, entry->outputs, entry->output_count);
        graph_verify(entry->graph, entry->outputs, entry->output_count, "simplify");
        nodes += entry->graph->count;
    }
    return nodes;
}

static void schedule_program(Arena *arena, const Program *program, bool fuse) {
    Plan *plan = schedule(arena, program, target_find("x86-64-v3"), &(ScheduleOptions){.fuse = fuse});
    StrBuf text = {0};
    plan_print(plan, &text);
    strbuf_free(&text);
}

// The canonical form means the same, which format_file checks itself, and is its own canonical form.
static void format(Arena *arena, Diagnostics *diag, uint32_t file) {
    StrBuf once = {0}, twice = {0};
    if (format_file(arena, diag, file, &once)) {
        uint32_t again = diag_add_file(diag, "again.net", once.text ? once.text : "", once.length, false);
        HOLDS(format_file(arena, diag, again, &twice));
        HOLDS(once.length == twice.length && (once.length == 0 || memcmp(once.text, twice.text, once.length) == 0));
    }
    strbuf_free(&once);
    strbuf_free(&twice);
}

static void compile(Arena *arena, const char *source, size_t length, bool json) {
    Diagnostics *diag = diag_new(arena, &(DiagOptions){.json = json, .color = !json});
    uint32_t file = diag_add_file(diag, "fuzz.net", source, length, false);
    Ast *ast = parse_file(arena, diag, file);
    StrBuf printed = {0};
    ast_print(ast, &printed);
    strbuf_free(&printed);
    Diagnostics *other = diag_new(arena, NULL);
    format(arena, other, diag_add_file(other, "fuzz.net", source, length, false));

    Program program = {0};
    ElaborateOptions options = {.float_type = json ? DT_F64 : DT_F32, .printed = &printed};
    bool done = elaborate(arena, diag, ast, file, &options, &program);
    HOLDS(done == (diag_error_count(diag) == 0));
    if (done) {
        size_t nodes = simplify_program(&program);
        if (nodes <= SCHEDULED_NODES && length / 2 % SCHEDULED_LENGTHS == 0) schedule_program(arena, &program, !json);
    }
    strbuf_free(&printed);
    print_diagnostics(diag);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Arena *arena = arena_new();
    jmp_buf exhausted;
    if (!setjmp(exhausted)) {
        arena_on_exhaustion(arena, &exhausted);
        // The length decides the form, so that a text is always treated in the same way.
        compile(arena, arena_strndup(arena, (const char *)data, size), size, size % 2);
    }
    arena_free(arena);
    return 0;
}
