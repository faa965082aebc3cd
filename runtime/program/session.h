// What most commands begin with: an engine, parameters in it, and the data set.
#pragma once

#include "program/commands.h"
#include "program/engine.h"

typedef enum NetrtStart {
    NETRT_START_INITIAL, // the seed's initial parameters, then those of --load if it is given
    NETRT_START_TRAINED, // those of --load, or what train saved; an error if there is nothing
} NetrtStart;

typedef struct NetrtSession {
    NetrtEngine engine;
    NetrtDataset data; // empty if no splits were asked for
} NetrtSession;

// On failure nothing is left open.
bool netrt_session_open(const NetrtContext *context, NetrtStart start, unsigned splits, NetrtSession *session,
                        NetrtError *error);
void netrt_session_close(NetrtSession *session);

// The name under which train saves: NAME.safetensors in the current folder.
void netrt_default_save(const NetrtContext *context, char *path, size_t size);

// Fails, naming what the .net file lacks, when the program has no such entry.
bool netrt_require_entry(const NetrtContext *context, int entry, NetrtError *error);

// Index of the program's target among its inputs; −1 for none.
int netrt_target_input(const NetrtProgram *program);

// Makes the rows of a split the engine's inputs.
void netrt_session_bind(NetrtSession *session, const NetrtSplit *split);

#define NETRT_SAVED_KINDS (1u << NETRT_PARAM | 1u << NETRT_BUFFER)
