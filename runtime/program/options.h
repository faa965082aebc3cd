// The options of all commands, in one table: what each is called, who takes it, what it does.
#pragma once

#include "data/error.h"
#include "netrt.h"

// Sets of commands (NetrtCommand.number counts these bits).
enum {
    NETRT_TRAIN = 1 << 0,
    NETRT_TEST = 1 << 1,
    NETRT_PREDICT_COMMAND = 1 << 2,
    NETRT_SUMMARY = 1 << 3,
    NETRT_INIT_COMMAND = 1 << 4,
    NETRT_GRAD = 1 << 5,
    NETRT_GRADCHECK = 1 << 6,
    NETRT_CALCULATE_COMMAND = 1 << 7, // of a program without a model: the only one
    NETRT_PROFILE = 1 << 8,
    NETRT_RUNS =
        NETRT_TRAIN | NETRT_TEST | NETRT_PREDICT_COMMAND | NETRT_INIT_COMMAND | NETRT_GRAD | NETRT_GRADCHECK | NETRT_PROFILE,
    NETRT_ANY = NETRT_RUNS | NETRT_SUMMARY,
};

#define NETRT_MOST_TEXTS 8

typedef struct NetrtTexts { // of an option that may be given several times
    const char *items[NETRT_MOST_TEXTS];
    int count;
} NetrtTexts;

typedef struct NetrtOptions {
    const char *load, *save, *data, *output, *target, *log, *png; // NULL: not given
    NetrtTexts input;
    bool no_save, json, quiet, check_finite, shuffle, inference, help;
    int64_t threads, batch_size, steps, log_every; // 0: not given
    int64_t epochs, patience, seed;                // the program's own unless given
    double lr;
    char **arguments; // what is no option: a part of argv
    int argument_count;
} NetrtOptions;

// Reads argv[0 … count − 1] for one command. Arguments that are no options are moved to the front of argv.
bool netrt_options_parse(const NetrtProgram *program, unsigned command, int count, char **argv, NetrtOptions *options,
                         NetrtError *error);

// Prints the options of a command, a line each.
void netrt_options_help(unsigned command);
