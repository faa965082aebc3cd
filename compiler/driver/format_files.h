// netc --format FILE.net…
#pragma once

#include "driver/options.h"

ExitStatus format_files(Arena *perm, const Options *options);
