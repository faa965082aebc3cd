// The samples that an argument of `predict` names: test:17, or a file of one sample or many.
#pragma once

#include "data/picture.h"
#include "program/session.h"

typedef struct NetrtSamples {
    const void *inputs[NETRT_MAX_INPUTS]; // rows for the engine
    int64_t first, count;                 // rows first … first + count − 1
    const int64_t *targets;               // class of each row, where the data set knows it; else NULL
    char note[512];                       // what was done to the file's picture or array; "" for nothing
    bool pictures;                        // one input's samples are pictures:
    int picture_input;                    // which one's
    NetrtPictureLayout layout;            // and where their elements lie
    NetrtArray array;
    NetrtRows rows;
} NetrtSamples;

// Whether the argument names a sample of the data set, and of which split: NETRT_SPLIT_…, −1 for a file.
int netrt_samples_split(const char *argument);

// Opens what `argument` names; the session holds the data set if a split is named. A picture of any size is made to fit.
// `borders`, zero at first, keeps from one picture to the next what the training data told.
bool netrt_samples_open(const NetrtContext *context, const NetrtSession *session, NetrtBorders *borders, const char *argument,
                        NetrtSamples *samples, NetrtError *error);
// The picture of row `row`, to look at. Only if samples->pictures.
bool netrt_samples_picture(const NetrtContext *context, const NetrtSamples *samples, int64_t row, NetrtPicture *picture,
                           NetrtError *error);
void netrt_samples_close(NetrtSamples *samples);
