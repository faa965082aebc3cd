// Saving a trained model, and what is said about it.
#pragma once

#include "data/picture.h"
#include "program/session.h"

typedef struct NetrtSaved {
    int64_t epochs, steps; // trained
    double accuracy;       // on the test set; NaN: not known
    NetrtBorders borders;  // of the training samples, for predict
    char said[1200];       // out: "saved mnist.safetensors", "replaced mnist.safetensors (97.9 %)"
} NetrtSaved;

// Whether a file can be made at this path: asked before training, so that hours of it are not lost.
bool netrt_save_possible(const char *path, NetrtError *error);

bool netrt_save(const NetrtContext *context, const NetrtEngine *engine, const char *path, NetrtSaved *saved, NetrtError *error);
