// For tests of a compiled program's command line: each run calls netrt_run() in a child process, in a folder of its own; `last`
// is how it ended and what it printed.
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "program/commands.h"
#include "rt_linear.h"

#define MOST_WORDS 16

typedef struct Output {
    int status;
    char out[20000], err[20000];
} Output;

static NetrtProgram program;            // what the next run runs
static const char *called = "./linear"; // and by what name; NULL for no arguments at all
static Output last;

static inline void read_whole(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t count = fread(text, 1, size - 1, file);
    text[count] = 0;
    fclose(file);
}

// The child: the program with these words, separated by blanks.
static inline void child(const char *line) {
    char words[512], *argv[MOST_WORDS + 2] = {(char *)called};
    int argc = called != NULL;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc <= MOST_WORDS; word = strtok(NULL, " ")) argv[argc++] = word;
    if (!freopen("out.txt", "w", stdout) || !freopen("err.txt", "w", stderr)) _exit(99);
    exit(netrt_run(&program, argc, argv)); // not _exit: a coverage build writes its counts at the end
}

static inline pid_t start(const char *line) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) child(line);
    return pid;
}

static inline int finish(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    last.status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    read_whole("out.txt", last.out, sizeof last.out);
    read_whole("err.txt", last.err, sizeof last.err);
    return last.status;
}

static inline int run(const char *line) { return finish(start(line)); }

static inline void says(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("\"%s\" is not in: %s", part, text);
}

static inline int one_line(const char *text) {
    const char *end = strchr(text, '\n');
    return end && end[1] == 0;
}

static inline double number_after(const char *text, const char *key) {
    const char *at = strstr(text, key);
    assert_non_null(at);
    return strtod(at + strlen(key), NULL);
}

static inline int each_setup(void **state) {
    (void)state;
    program = linear_f32;
    called = "./linear";
    unlink("linear.safetensors");
    return 0;
}

static inline int folder_enter(void **state) {
    static char folder[] = "/tmp/rt_cli_XXXXXX";
    *state = mkdtemp(folder);
    return *state && chdir(folder) == 0 ? 0 : -1;
}

static inline int folder_leave(void **state) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", (const char *)*state);
    return chdir("/") || system(command);
}
