// The command line of netc. A mistake in it is said in one line, with the nearest word that would have been right.
#include "driver/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/vec.h"

const char netc_version_text[] = "netc " NETC_VERSION;

static const char help[] =
    "netc makes a native program that trains a neural network from its description in a .net file.\n"
    "\n"
    "  netc FILE.net [-o OUT]               compile to an executable (default: FILE's own name without .net)\n"
    "  netc FILE.net --run [-- ARGS...]     compile to a temporary executable and run it with ARGS\n"
    "  netc FILE.net --check                look for mistakes and print the model's layers; write nothing\n"
    "  netc FILE.net --emit=KIND [-o OUT]   ast, graph, grad, kernels, llvm, asm: text, to standard output without -o;\n"
    "                                       obj: an object file\n"
    "  netc --list [KIND]                   what the library has: layers, activations, losses, initialisers, optimizers,\n"
    "                                       schedules, data, functions, ops, warnings; --markdown for a table\n"
    "  netc [FILE.net] --explain NAME       what it is, and an example of it as a formula with its derivatives; NAME may be\n"
    "                                       a call of it with arguments, and a name of FILE's\n"
    "  netc --format FILE.net...            rewrite in canonical form; with --diff show what would change, and exit with 1 if\n"
    "                                       anything would; - reads standard input and writes standard output\n"
    "\n"
    "  -O0, -O3              -O3 is the default; -O0 fuses and optimises nothing, for comparison; -O1, -O2 mean -O3\n"
    "  -march=MACHINE        what processor the program is for: native (the default), x86-64, x86-64-v3, x86-64-v4\n"
    "  --dtype=f32|f64       arithmetic of the whole program; f64 is for checking gradients\n"
    "  -D NAME=VALUE         override a top-level number, string or boolean of the file\n"
    "  -W..., -w             -Wno-NAME drops a warning, -Werror[=NAME] makes it an error, -w drops them all\n"
    "  --time                a table of time and memory for each stage, on standard error\n"
    "  --color=WHEN          auto, always or never\n"
    "  --diagnostics=FORM    text or json\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 done; 1 the input has errors, and nothing was written; 2 bad usage; 70 a defect of netc.\n";

enum {
    LONG_RUN = 256,
    LONG_CHECK,
    LONG_EMIT,
    LONG_LIST,
    LONG_MARKDOWN,
    LONG_EXPLAIN,
    LONG_FORMAT,
    LONG_DIFF,
    LONG_DTYPE,
    LONG_TIME,
    LONG_COLOR,
    LONG_DIAGNOSTICS,
    LONG_VERSION,
    LONG_LATER,
};

static const struct option long_options[] = {
    {"run", no_argument, NULL, LONG_RUN},
    {"check", no_argument, NULL, LONG_CHECK},
    {"emit", required_argument, NULL, LONG_EMIT},
    {"list", optional_argument, NULL, LONG_LIST},
    {"dtype", required_argument, NULL, LONG_DTYPE},
    {"time", no_argument, NULL, LONG_TIME},
    {"color", required_argument, NULL, LONG_COLOR},
    {"diagnostics", required_argument, NULL, LONG_DIAGNOSTICS},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, LONG_VERSION},
    {"format", no_argument, NULL, LONG_FORMAT},
    {"diff", no_argument, NULL, LONG_DIFF},
    {"explain", required_argument, NULL, LONG_EXPLAIN},
    {"markdown", no_argument, NULL, LONG_MARKDOWN},
    {"target", required_argument, NULL, LONG_LATER},
    {NULL, 0, NULL, 0},
};

static const struct {
    const char *name;
    Emit emit;
} kinds[] = {{"ast", EMIT_AST},   {"graph", EMIT_GRAPH}, {"grad", EMIT_GRAD}, {"kernels", EMIT_KERNELS},
             {"llvm", EMIT_LLVM}, {"asm", EMIT_ASM},     {"obj", EMIT_OBJECT}};
enum { KIND_COUNT = sizeof kinds / sizeof *kinds };
static const char *const later_kinds[] = {"lib", "header", "dot"};

// ---- What is gathered while the command line is read
typedef struct Reader {
    Arena *perm;
    Options *options;
    VEC(Define) defines;
    VEC(const char *) disabled, as_errors;
    const char *march;
    const char *action; // "--check", "--emit", "--run": the one given, to say when there is a second
    OptionsOutcome outcome;
} Reader;

__attribute__((format(printf, 2, 3))) static void wrong(Reader *r, const char *format, ...) {
    if (r->outcome == OPTIONS_WRONG) return; // one line is enough
    va_list args;
    va_start(args, format);
    fprintf(stderr, "netc: %s\nnetc --help lists what there is\n", arena_vprintf(r->perm, format, args));
    va_end(args);
    r->outcome = OPTIONS_WRONG;
}

// "; did you mean --emit?", or nothing.
static const char *suggestion(Reader *r, const char *prefix, const char *word, const char *const *candidates, size_t count) {
    const char *nearest = diag_nearest(word, candidates, count);
    return nearest ? arena_printf(r->perm, "; did you mean %s%s?", prefix, nearest) : "";
}

// getopt's '?': optopt is 0 for an unknown long option, else the letter, or the code of a long option that takes no value.
static void unknown_option(Reader *r, const char *argument) {
    const char *names[sizeof long_options / sizeof *long_options];
    size_t count = 0;
    for (; long_options[count].name; count++) {
        names[count] = long_options[count].name;
        if (optopt != 0 && optopt == long_options[count].val) wrong(r, "--%s takes no value", names[count]);
    }
    if (optopt != 0) wrong(r, "unknown option -%c", optopt);
    const char *word = arena_strndup(r->perm, argument + 2, strcspn(argument + 2, "="));
    wrong(r, "unknown option --%s%s", word, suggestion(r, "--", word, names, count));
}

static void choose_action(Reader *r, const char *action, Emit emit) {
    if (r->action) wrong(r, strcmp(r->action, action) ? "%s and %s exclude each other" : "%s twice", r->action, action);
    r->action = action;
    r->options->emit = emit;
}

static void read_emit(Reader *r, const char *kind) {
    const char *names[KIND_COUNT];
    for (size_t i = 0; i < KIND_COUNT; i++) {
        names[i] = kinds[i].name;
        if (strcmp(kind, kinds[i].name) != 0) continue;
        choose_action(r, "--emit", kinds[i].emit);
        return;
    }
    for (size_t i = 0; i < sizeof later_kinds / sizeof *later_kinds; i++)
        if (strcmp(kind, later_kinds[i]) == 0) wrong(r, "--emit=%s is not in this version", kind);
    wrong(r, "--emit=%s: unknown kind%s (ast, graph, grad, kernels, llvm, asm, obj)", kind,
          suggestion(r, "", kind, names, KIND_COUNT));
}

static void read_define(Reader *r, const char *text) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        wrong(r, "-D %s: write -D NAME=VALUE", text);
        return;
    }
    Define define = {.name = arena_strndup(r->perm, text, (size_t)(equals - text)), .value = equals + 1};
    VEC_PUSH(r->perm, &r->defines, define);
}

static void check_warning(Reader *r, const char *text, const char *name) {
    for (size_t i = 0; i < WARNING_COUNT; i++)
        if (strcmp(warning_names[i], name) == 0) return;
    wrong(r, "-W%s: there is no such warning%s (netc --list warnings)", text,
          suggestion(r, "", name, warning_names, WARNING_COUNT));
}

static void read_warning(Reader *r, const char *text) {
    DiagOptions *diagnostics = &r->options->diagnostics;
    if (strcmp(text, "error") == 0) diagnostics->warnings_are_errors = true;
    else if (strncmp(text, "error=", 6) == 0) {
        check_warning(r, text, text + 6);
        VEC_PUSH(r->perm, &r->as_errors, text + 6);
    } else if (strncmp(text, "no-", 3) == 0) {
        check_warning(r, text, text + 3);
        VEC_PUSH(r->perm, &r->disabled, text + 3);
    } else wrong(r, "unknown option -W%s: there are -Wno-NAME, -Werror and -Werror=NAME", text);
}

static void read_machine(Reader *r, const char *text) {
    if (strncmp(text, "arch=", 5) == 0) r->march = text + 5;
    else if (strncmp(text, "cpu=", 4) == 0) wrong(r, "-mcpu is not in this version; there is -march=MACHINE");
    else wrong(r, "unknown option -m%s; there is -march=MACHINE", text);
}

static void read_level(Reader *r, const char *level) {
    if (!level || strlen(level) != 1 || level[0] < '0' || level[0] > '3')
        wrong(r, "unknown option -O%s; there are -O0 and -O3", level ? level : "");
    else r->options->optimize = level[0] != '0';
}

static void read_color(Reader *r, const char *when) {
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool capable = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0) && !(no_color && *no_color);
    if (strcmp(when, "auto") == 0) r->options->diagnostics.color = capable;
    else if (strcmp(when, "always") == 0) r->options->diagnostics.color = true;
    else if (strcmp(when, "never") == 0) r->options->diagnostics.color = false;
    else wrong(r, "--color=%s: say auto, always or never", when);
}

static void read_dtype(Reader *r, const char *name) {
    if (strcmp(name, "f32") == 0) r->options->float_type = DT_F32;
    else if (strcmp(name, "f64") == 0) r->options->float_type = DT_F64;
    else wrong(r, "--dtype=%s: say f32 or f64", name);
}

static void answer(Reader *r, const char *text) {
    if (r->outcome == OPTIONS_COMPILE) {
        fputs(text, stdout);
        r->outcome = OPTIONS_ANSWERED;
    }
}

// `argument` is the word that getopt has just read, long_index that of a long option.
static void read_option(Reader *r, int option, int long_index, const char *argument) {
    Options *options = r->options;
    switch (option) {
    case 'o': options->output = optarg; break;
    case 'D': read_define(r, optarg); break;
    case 'O': read_level(r, optarg); break;
    case 'm': read_machine(r, optarg); break;
    case 'W': read_warning(r, optarg); break;
    case 'w': options->diagnostics.no_warnings = true; break;
    case 'g': wrong(r, "-g is not in this version"); break;
    case 'h': answer(r, help); break;
    case LONG_RUN:
        choose_action(r, "--run", EMIT_PROGRAM);
        options->run = true;
        break;
    case LONG_CHECK: choose_action(r, "--check", EMIT_CHECK); break;
    case LONG_EMIT: read_emit(r, optarg); break;
    case LONG_LIST:
        options->list = true;
        options->list_kind = optarg;
        break;
    case LONG_MARKDOWN: options->markdown = true; break;
    case LONG_EXPLAIN:
        choose_action(r, "--explain", EMIT_PROGRAM);
        options->explain = optarg;
        break;
    case LONG_FORMAT:
        choose_action(r, "--format", EMIT_PROGRAM);
        options->format = true;
        break;
    case LONG_DIFF: options->diff = true; break;
    case LONG_DTYPE: read_dtype(r, optarg); break;
    case LONG_TIME: options->time = true; break;
    case LONG_COLOR: read_color(r, optarg); break;
    case LONG_DIAGNOSTICS:
        options->diagnostics.json = strcmp(optarg, "json") == 0;
        if (!options->diagnostics.json && strcmp(optarg, "text") != 0) wrong(r, "--diagnostics=%s: say text or json", optarg);
        break;
    case LONG_VERSION: answer(r, "netc " NETC_VERSION " (LLVM " NETC_LLVM_VERSION ")\n"); break;
    case LONG_LATER: wrong(r, "--%s is not in this version", long_options[long_index].name); break;
    case ':': wrong(r, "%s needs a value", argument); break;
    default: unknown_option(r, argument); break;
    }
}

// ---- What must fit together
const char *options_base_name(Arena *perm, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (length <= 4 || strcmp(name + length - 4, ".net") != 0) return NULL;
    return arena_strndup(perm, name, length - 4);
}

static void find_output(Reader *r) {
    Options *options = r->options;
    bool standard_output = options->output && strcmp(options->output, "-") == 0;
    if (options->run || options->explain || options->emit == EMIT_CHECK) {
        if (options->output) wrong(r, "%s writes no file: leave -o out", r->action);
        return;
    }
    if (options->emit == EMIT_PROGRAM && standard_output) wrong(r, "an executable cannot go to standard output");
    if (options->output && !*options->output) wrong(r, "-o needs the name of a file");
    if (options->output) return;
    if (options->emit != EMIT_PROGRAM && options->emit != EMIT_OBJECT) {
        options->output = "-";
        return;
    }
    const char *base = options_base_name(r->perm, options->input);
    if (!base) wrong(r, "the name '%s' does not end in .net: say with -o where the result goes", options->input);
    else options->output = options->emit == EMIT_OBJECT ? arena_printf(r->perm, "%s.o", base) : base;
}

static void find_target(Reader *r) {
    r->options->target = target_find(r->march);
    if (r->options->target) return;
    StrBuf known = {0};
    for (unsigned i = 0; target_row(i); i++) strbuf_printf(&known, ", %s", target_row(i)->march);
    if (strchr(r->march, ',')) wrong(r, "-march=%s: several machines in one program are not in this version", r->march);
    else wrong(r, "-march=%s: unknown machine; there are native%s", r->march, known.text);
    strbuf_free(&known);
}

// The files to format: those behind `--` too.
static void find_formatted(Reader *r, char **words, int count, char **after) {
    Options *options = r->options;
    VEC(char *) files = {0};
    for (int i = 0; i < count; i++) VEC_PUSH(r->perm, &files, words[i]);
    for (; after && *after; after++) VEC_PUSH(r->perm, &files, *after);
    options->files = files.items;
    options->file_count = files.count;
    if (files.count == 0) wrong(r, "which files? netc --format FILE.net...");
    if (options->output) wrong(r, "--format rewrites its files: leave -o out");
}

// `words`: what is left when options are gone. With `after`, the words behind `--`.
static void find_files(Reader *r, char **words, int count, char **after) {
    Options *options = r->options;
    if (options->list) {
        if (count > 0 && !options->list_kind) {
            options->list_kind = words[0];
            words++, count--;
        }
        if (count > 0 || (after && *after)) wrong(r, "--list takes one kind");
        return;
    }
    if (options->markdown) wrong(r, "--markdown belongs to --list");
    if (options->diff && !options->format) wrong(r, "--diff belongs to --format");
    if (options->format) {
        find_formatted(r, words, count, after);
        return;
    }
    if (count > 1) wrong(r, "one file at a time: '%s', '%s'", words[0], words[1]);
    if (count > 0) options->input = words[0];
    else if (after && *after) options->input = *after++; // netc -- -odd.net
    if (options->explain && !options->input) {
        if (options->output) wrong(r, "--explain writes no file: leave -o out");
        return;
    }
    if (!options->input) {
        wrong(r, "which file? netc FILE.net");
        return;
    }
    if (!*options->input) wrong(r, "the name of the file is empty");
    if (after && *after && !options->run) wrong(r, "'%s': arguments behind -- are for --run", *after);
    options->run_arguments = after;
    find_output(r);
    find_target(r);
}

OptionsOutcome options_parse(Arena *perm, int argc, char **argv, Options *options) {
    *options = (Options){.optimize = true, .float_type = DT_F32};
    Reader r = {.perm = perm, .options = options, .march = "native"};
    read_color(&r, "auto");
    int own = 1; // arguments before --
    while (own < argc && strcmp(argv[own], "--") != 0) own++;
    char **after = own < argc ? argv + own + 1 : argv + argc;
    char **words = NEW_ARRAY(perm, char *, (size_t)own + 1); // getopt sorts what it is given
    memcpy(words, argv, (size_t)own * sizeof *words);

    opterr = 0;
    for (;;) {
        int long_index = 0;
        int option = getopt_long(own, words, ":o:D:O::m:W:wgh", long_options, &long_index);
        if (option == -1) break;
        read_option(&r, option, long_index, words[optind - 1]);
    }
    if (r.outcome == OPTIONS_COMPILE) find_files(&r, words + optind, own - optind, after);

    const char *end = NULL;
    VEC_PUSH(perm, &r.disabled, end);
    VEC_PUSH(perm, &r.as_errors, end);
    options->diagnostics.disabled = r.disabled.items;
    options->diagnostics.as_errors = r.as_errors.items;
    options->defines = r.defines.items;
    options->define_count = r.defines.count;
    return r.outcome;
}
