// Pictures of the Netpbm family: grey PGM (P2, P5) and colour PPM (P3, P6), plain and raw, with 8 or 16 bits a number.
#pragma once

#include "data/array.h"

// Gives NETRT_U8 of shape (height, width, 1), for PPM (height, width, 3); other maxima than 255 are scaled to 0 … 255, rounded
// to nearest. The first picture of a file with several. Nothing is resized. On success the caller closes *out with
// netrt_array_close.
bool netrt_pgm_read(const char *path, NetrtArray *out, NetrtError *error);
