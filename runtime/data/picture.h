// Pictures of any size, and how one becomes a sample: channels, size, and light on dark or dark on light as the training data.
#pragma once

#include "data/dataset.h"

typedef struct NetrtPicture {
    int64_t height, width;
    int32_t channels;      // 1 or 3: the last axis
    const uint8_t *pixels; // [height][width][channels]
    uint8_t *heap;         // owned memory, or NULL: the pixels are another's
} NetrtPicture;

// A picture with pixels of its own, all 0.
bool netrt_picture_make(int64_t height, int64_t width, int32_t channels, NetrtPicture *out, NetrtError *error);
void netrt_picture_close(NetrtPicture *picture);

// Whether the file's first bytes are those of a picture that netrt_picture_read reads: PNG, PGM, PPM.
bool netrt_picture_begins(const unsigned char *bytes, size_t count);
// Gives NETRT_U8 of shape (height, width, channels), as the reader of its format does.
bool netrt_picture_read(const char *path, NetrtArray *out, NetrtError *error);

// Another size by averaging areas: a new pixel is the mean of all that it covers.
bool netrt_picture_resize(const NetrtPicture *from, int64_t height, int64_t width, NetrtPicture *out, NetrtError *error);

// ---- Samples that are pictures

// Where the elements of a sample lie that is a picture.
typedef struct NetrtPictureLayout {
    int64_t height, width;
    int32_t channels;
    int64_t row, column, channel; // strides in elements
} NetrtPictureLayout;

// False if samples of this input are no pictures. They are with the shapes (1 or 3, H, W), (H, W, 1 or 3) and (H, W); a vector
// of bytes whose length is a square number is one row after another of a square picture.
bool netrt_picture_layout(const NetrtInput *input, NetrtPictureLayout *layout);

// The first input of the program whose samples are pictures; −1 for none.
int netrt_picture_input(const NetrtProgram *program, NetrtPictureLayout *layout);

// The sample at `row` as a picture to look at: bytes as they are, floats in 0 … 1 as brightness, others from the least to the
// largest.
bool netrt_picture_of_sample(const void *row, int32_t dtype, const NetrtPictureLayout *layout, NetrtPicture *out,
                             NetrtError *error);

// How bright the outermost pixels of the training samples are on average, from the darkest sample's to the brightest one's:
// what tells light on dark from dark on light.
typedef struct NetrtBorders {
    bool looked; // whoever keeps them has looked for them
    bool known;  // else nobody has seen the training data, or its numbers are no brightness
    double low, high;
} NetrtBorders;

void netrt_picture_borders(const NetrtSplit *train, int input_index, const NetrtInput *input, NetrtBorders *borders);

// What was done to a picture.
typedef struct NetrtFit {
    int64_t cut_height, cut_width; // what is left without the empty strips that were cut off
    int64_t height, width;         // after resizing; the rest of the sample was filled with the mean colour of the border
    bool inverted;
    bool light; // its border was, before that
} NetrtFit;

// Makes a sample (bytes, in the layout) of a picture: colour becomes grey by its luminance or grey becomes colour. If it is too
// wide or too high for the sample's shape, empty strips at its sides are cut off as far as that takes; the rest is resized with
// its aspect kept, and centred. It is inverted if its border is then nearer to the borders of the training samples: a picture
// that looks like any of them stays as it is.
bool netrt_picture_fit(const NetrtPicture *picture, const NetrtPictureLayout *layout, const NetrtBorders *borders,
                       uint8_t *sample, NetrtFit *fit, NetrtError *error);
