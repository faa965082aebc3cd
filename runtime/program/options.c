// Parses options by the table below. An option may be written --name VALUE or --name=VALUE; `--` ends the options.
#include "program/options.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/suggest.h"

typedef enum Kind {
    SET,
    CLEAR,   // a bool
    TEXT,    // a string, not empty
    TEXTS,   // such strings, one each time the option is given
    COUNT,   // an integer of at least 1
    INTEGER, // any integer
    RATE,    // a finite number of at least 0
    LATER,   // the contract has it, this version does not
} Kind;

typedef struct Option {
    const char *name, *argument; // argument: NULL for none
    Kind kind;
    unsigned commands;
    size_t field; // offset in NetrtOptions
    const char *help;
} Option;

#define FIELD(name) offsetof(NetrtOptions, name)

static const Option options_table[] = {
    {"--data", "DIR", TEXT, NETRT_RUNS, FIELD(data),
     "where the data set lies (default: $NETC_DATA, ./data, the user's cache folder)"},
    {"--load", "FILE", TEXT, NETRT_RUNS, FIELD(load), "start from these parameters (safetensors)"},
    {"--save", "FILE", TEXT, NETRT_TRAIN, FIELD(save), "where the parameters go (default: this program's name.safetensors)"},
    {"--no-save", NULL, SET, NETRT_TRAIN, FIELD(no_save), "do not save the parameters"},
    {"--output", "FILE", TEXT, NETRT_INIT_COMMAND | NETRT_GRAD, FIELD(output), "where the result goes (safetensors); also -o"},
    {"--input", "X.npy", TEXTS, NETRT_GRAD | NETRT_GRADCHECK, FIELD(input),
     "the batch's inputs (default: the first of the data set); once for each input of the model"},
    {"--target", "Y.npy", TEXT, NETRT_GRAD | NETRT_GRADCHECK, FIELD(target), "the batch's targets"},
    {"--png", "OUT", TEXT, NETRT_PREDICT_COMMAND, FIELD(png), "draw the picture and the probabilities to this file, too"},
    {"--epochs", "N", COUNT, NETRT_TRAIN, FIELD(epochs), "passes over the training samples"},
    {"--steps", "N", COUNT, NETRT_TRAIN, FIELD(steps), "stop after N steps, without evaluation"},
    {"--inference", NULL, SET, NETRT_PROFILE, FIELD(inference), "predicting instead of training"},
    {"--steps", "N", COUNT, NETRT_PROFILE, FIELD(steps), "measure so many (default: about a second's)"},
    {"--batch-size", "N", COUNT, NETRT_ANY, FIELD(batch_size), "samples in a batch"},
    {"--lr", "X", RATE, NETRT_TRAIN, FIELD(lr), "learning rate; a schedule stays in force"},
    {"--seed", "S", INTEGER, NETRT_RUNS, FIELD(seed), "of the initial parameters and the order of samples"},
    {"--seed", "S", INTEGER, NETRT_CALCULATE_COMMAND, FIELD(seed), "of the random numbers, where the text does not choose it"},
    {"--shuffle", NULL, SET, NETRT_TRAIN, FIELD(shuffle), "a new order of the samples in each epoch"},
    {"--no-shuffle", NULL, CLEAR, NETRT_TRAIN, FIELD(shuffle), "samples in the order of the files"},
    {"--threads", "N", COUNT, NETRT_RUNS, FIELD(threads),
     "default: the cores this process may use; results are the same for every N"},
    {"--log", "FILE.csv", TEXT, NETRT_TRAIN, FIELD(log), "a row for each epoch, or each N steps with --log-every; .jsonl too"},
    {"--log-every", "N", COUNT, NETRT_TRAIN, FIELD(log_every), "report the loss of every Nth step"},
    {"--patience", "N", COUNT, NETRT_TRAIN, FIELD(patience), "stop after N epochs without a better validation loss"},
    {"--check-finite", NULL, SET, NETRT_TRAIN, FIELD(check_finite), "stop at the first NaN or Inf and say where it is; slower"},
    {"--checkpoint", "FILE", LATER, NETRT_TRAIN, 0, NULL},
    {"--checkpoint-every", "N", LATER, NETRT_TRAIN, 0, NULL},
    {"--resume", "FILE", LATER, NETRT_TRAIN, 0, NULL},
    {"--plot", "FILE", LATER, NETRT_TRAIN, 0, NULL},
    {"--tensorboard", "DIR", LATER, NETRT_TRAIN, 0, NULL},
    {"--quiet", NULL, SET, NETRT_TRAIN, FIELD(quiet), "say only what went wrong"},
    {"--json", NULL, SET, NETRT_ANY, FIELD(json), "results as JSON, an object a line, on standard output"},
    {"--help", NULL, SET, NETRT_ANY | NETRT_CALCULATE_COMMAND, FIELD(help), "this text; also -h"},
};
#define OPTION_COUNT (sizeof options_table / sizeof *options_table)

// The row of that name for this command, or at least one of that name.
static const Option *find(unsigned command, const char *name, size_t length) {
    const Option *other = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strlen(options_table[i].name) != length || strncmp(options_table[i].name, name, length) != 0) continue;
        if (options_table[i].commands & command) return &options_table[i];
        other = &options_table[i];
    }
    return other;
}

static bool unknown(unsigned command, const char *name, NetrtError *error) {
    const char *words[OPTION_COUNT];
    for (size_t i = 0; i < OPTION_COUNT; i++)
        words[i] = options_table[i].commands & command && options_table[i].kind != LATER ? options_table[i].name : NULL;
    const char *near = netrt_suggest(name, words, OPTION_COUNT, sizeof *words);
    if (near) return netrt_fail(error, "unknown option %s: did you mean %s?", name, near);
    return netrt_fail(error, "unknown option %s: --help lists what there is", name);
}

static bool parse_integer(const Option *option, const char *text, int64_t least, int64_t *out, NetrtError *error) {
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || errno == ERANGE || number < least) {
        if (least == 1) return netrt_fail(error, "%s takes a whole number of at least 1, not \"%s\"", option->name, text);
        return netrt_fail(error, "%s takes a whole number, not \"%s\"", option->name, text);
    }
    *out = number;
    return true;
}

static bool parse_rate(const Option *option, const char *text, double *out, NetrtError *error) {
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end || !isfinite(number) || number < 0)
        return netrt_fail(error, "%s takes a number of at least 0, not \"%s\"", option->name, text);
    *out = number;
    return true;
}

static bool add_text(const Option *option, const char *value, NetrtTexts *texts, NetrtError *error) {
    if (!*value) return netrt_fail(error, "%s takes a name, not an empty one", option->name);
    if (texts->count == NETRT_MOST_TEXTS)
        return netrt_fail(error, "%s is given more than %d times", option->name, texts->count);
    texts->items[texts->count++] = value;
    return true;
}

// `value` is "" for options that take none.
static bool store(const Option *option, const char *value, NetrtOptions *options, NetrtError *error) {
    void *field = (char *)options + option->field;
    switch (option->kind) {
    case SET: *(bool *)field = true; return true;
    case CLEAR: *(bool *)field = false; return true;
    case COUNT: return parse_integer(option, value, 1, field, error);
    case INTEGER: return parse_integer(option, value, INT64_MIN, field, error);
    case RATE: return parse_rate(option, value, field, error);
    case TEXT:
        if (!*value) return netrt_fail(error, "%s takes a name, not an empty one", option->name);
        *(const char **)field = value;
        return true;
    case TEXTS: return add_text(option, value, field, error);
    case LATER: return netrt_fail(error, "%s is not in this version", option->name);
    }
    return false;
}

// argv[*at] is an option; moves *at to its last word.
static bool parse_option(unsigned command, int count, char **argv, int *at, NetrtOptions *options, NetrtError *error) {
    const char *word = argv[*at];
    if (strcmp(word, "-h") == 0) word = "--help";
    if (strcmp(word, "-o") == 0) word = "--output";
    size_t length = strcspn(word, "=");
    const Option *option = find(command, word, length);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (!option) return unknown(command, name, error);
    if (!(option->commands & command))
        return netrt_fail(error, "%s means nothing to this command: --help lists what does", name);
    const char *value = word[length] == '=' ? word + length + 1 : NULL;
    if (!option->argument && value) return netrt_fail(error, "%s takes no value", name);
    if (option->kind == LATER) return store(option, "", options, error);
    if (option->argument && !value) {
        if (*at + 1 >= count) return netrt_fail(error, "%s needs a value: %s %s", name, name, option->argument);
        value = argv[++*at];
    }
    return store(option, value ? value : "", options, error);
}

bool netrt_options_parse(const NetrtProgram *program, unsigned command, int count, char **argv, NetrtOptions *options,
                         NetrtError *error) {
    const NetrtTrain *train = &program->train;
    *options = (NetrtOptions){.epochs = train->epochs,
                              .patience = train->patience,
                              .seed = train->seed,
                              .lr = train->lr,
                              .shuffle = train->shuffle != 0,
                              .arguments = argv};
    bool only_arguments = false;
    for (int i = 0; i < count; i++) {
        if (only_arguments || argv[i][0] != '-' || !argv[i][1]) argv[options->argument_count++] = argv[i];
        else if (strcmp(argv[i], "--") == 0) only_arguments = true;
        else if (!parse_option(command, count, argv, &i, options, error)) return false;
    }
    return true;
}

void netrt_options_help(unsigned command) {
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const Option *option = &options_table[i];
        if (!(option->commands & command) || option->kind == LATER) continue;
        char left[40];
        snprintf(left, sizeof left, "%s%s%s", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        printf("  %-20s %s\n", left, option->help);
    }
}
