// Grey pictures: PGM, plain (P2) and raw (P5), with 8 or 16 bits a pixel.
#pragma once

#include "data/array.h"

// Gives NETRT_U8 of shape (1, height, width); other maxima than 255 are scaled to 0 … 255, rounded to nearest. The first
// picture of a file with several. Nothing is resized. On success the caller closes *out with netrt_array_close.
bool netrt_pgm_read(const char *path, NetrtArray *out, NetrtError *error);
