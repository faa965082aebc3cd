// Runs the entries of a program: walks their step tables on a planned workspace, with a pool of threads.
//
// The caller fills `scalars`, `inputs` and `index`, calls netrt_engine_run, and reads outputs until the next run. Memory is
// reserved before a loop; a run allocates nothing.
#pragma once

#include "data/dataset.h"
#include "data/error.h"
#include "netrt.h"
#include "program/ahead.h"
#include "random/torch_random.h"
#include "threads/pool.h"

typedef struct NetrtPlan NetrtPlan;
typedef struct NetrtWatch NetrtWatch;

typedef struct NetrtEngine {
    const NetrtProgram *program;
    char *vars;                           // the block of variables
    NetrtScalar scalars[NETRT_SCALARS];   // as kernels see them; N is set by a run
    NetrtTorchRandom random;              // PyTorch's generator: initial parameters, then the order of samples
    const void *inputs[NETRT_MAX_INPUTS]; // rows of each input
    int32_t *index;                       // [capacity]: which row is sample i of the batch
    int64_t capacity;                     // largest batch reserved so far
    NetrtAhead ahead;                     // set before a run whose successor's batch is known; a run ends it
    NetrtWatch *watch;                    // looks at what each step wrote; NULL for none
    double *laps[NETRT_ENTRIES];          // nanoseconds of each step of an entry, added up; NULL: nobody asks
    // ---- the engine's own
    NetrtPool *pool;
    NetrtCall *calls; // one for each thread
    char *scratch;
    char *workspace;
    int64_t vars_bytes, workspace_bytes, scratch_bytes; // as mapped
    NetrtPlan *plans[NETRT_ENTRIES];                    // a few for each entry, see engine_plan.h
    int32_t failed;                                     // what kernels' checks stored
    bool flush;                                         // subnormals are zero outside of init and calculators
    bool share;                                         // every step among all threads, whether or not that pays: for tests
} NetrtEngine;

// Maps the variables (all zero) and starts the threads. On failure *engine is empty.
bool netrt_engine_open(NetrtEngine *engine, const NetrtProgram *program, int threads, NetrtError *error);
void netrt_engine_close(NetrtEngine *engine);

// Makes room to run this entry with batches of up to N samples. Outputs of earlier runs are lost.
bool netrt_engine_reserve(NetrtEngine *engine, int entry, int64_t N, NetrtError *error);

// The workspace that an entry needs for batches of N; false if the number does not fit.
bool netrt_engine_workspace(const NetrtEntry *entry, int64_t N, int64_t *bytes);

// Runs a reserved entry. Fails when a check of the program's does (a label outside the classes), with its message.
bool netrt_engine_run(NetrtEngine *engine, int entry, int64_t N, NetrtError *error);

// On how many threads a step of an entry ran last.
int netrt_engine_threads(const NetrtEngine *engine, int entry, int64_t step, int64_t N);

// Seeds the generator and draws the initial parameters, buffers and states.
bool netrt_engine_init(NetrtEngine *engine, int64_t seed, NetrtError *error);

// Samples 0 … N − 1 of the batch are rows first … of the inputs.
void netrt_engine_consecutive(NetrtEngine *engine, int64_t first, int64_t N);

// ---- What an entry left behind; valid until the next run.
const NetrtOutput *netrt_entry_metric(const NetrtEntry *entry, const char *name); // NULL: it has none of this name
const NetrtOutput *netrt_entry_result(const NetrtEntry *entry, const char *name);
const void *netrt_engine_output(const NetrtEngine *engine, const NetrtOutput *output);
double netrt_engine_metric(const NetrtEngine *engine, const NetrtOutput *metric);
