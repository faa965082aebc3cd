// Calls a network's prediction again and again, without what starting a program costs: linked with the object that netc makes
// of it (--emit=obj) and with libnetrt.a, on one thread.
//
//     netc_predict PARAMETERS DATA BATCH THREADS
//
// It answers lines on standard input:
//     check FILE    writes the probabilities of the first batch to FILE, as they lie in memory, and prints their number
//     time CALLS    a batch a call, one after the other: prints the seconds that they took, and those of the processor
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "program/session.h"

static void predict(NetrtSession *session, int64_t batch, int64_t call) {
    int64_t batches = session->data.splits[NETRT_SPLIT_TRAIN].count / batch;
    NetrtError error = {0};
    netrt_engine_consecutive(&session->engine, call % batches * batch, batch);
    if (netrt_engine_run(&session->engine, NETRT_PREDICT, batch, &error)) return;
    fprintf(stderr, "netc_predict: %s\n", error.message);
    exit(1);
}

static void check(NetrtSession *session, int64_t batch, const char *path) {
    const NetrtOutput *output = netrt_entry_result(&netrt_program.entries[NETRT_PREDICT], "probabilities");
    size_t count = (size_t)(batch * output->shape[1]);
    predict(session, batch, 0);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(netrt_engine_output(&session->engine, output), sizeof(float), count, file) != count || fclose(file)) {
        perror(path);
        exit(1);
    }
    printf("%zu\n", count);
}

static void measure(NetrtSession *session, int64_t batch, long calls) {
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (long call = 0; call < calls; call++) predict(session, batch, call);
    printf("%.9g %.9g\n", seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: netc_predict PARAMETERS DATA BATCH THREADS\n"), 2;
    int64_t batch = atol(argv[3]);
    NetrtContext context = {.program = &netrt_program,
                            .command = argv[0],
                            .name = "netc_predict",
                            .options = {.load = argv[1], .data = argv[2], .threads = atol(argv[4])}};
    NetrtSession session;
    NetrtError error = {0};
    if (!netrt_session_open(&context, NETRT_START_TRAINED, 1u << NETRT_SPLIT_TRAIN, &session, &error) ||
        !netrt_engine_reserve(&session.engine, NETRT_PREDICT, batch, &error))
        return fprintf(stderr, "netc_predict: %s\n", error.message), 1;
    netrt_session_bind(&session, &session.data.splits[NETRT_SPLIT_TRAIN]);

    char line[4200], path[4096];
    long calls;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "check %4095[^\n]", path) == 1) check(&session, batch, path);
        else if (sscanf(line, "time %ld", &calls) == 1) measure(&session, batch, calls);
        else return fprintf(stderr, "netc_predict: what is '%s'?\n", line), 2;
        fflush(stdout);
    }
    netrt_session_close(&session);
    return 0;
}
