// The drawing of draw.h as a PNG file.
#pragma once

#include "report/draw.h"

// `title` stands above both. Small pictures are enlarged by a whole factor, large ones scaled down. `picture` may be NULL.
bool netrt_draw_png(const char *path, const char *title, const NetrtPicture *picture, const NetrtChart *chart,
                    NetrtError *error);
