// Facts of the machines that code is made for. A target is a row of the table in target.c.
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Target {
    const char *name;      // "avx512"
    const char *march;     // "x86-64-v4": also what -march= takes
    const char *cpu;       // LLVM's name of the processor to generate for
    const char *features;  // LLVM's feature string
    int isa;               // NETRT_ISA_*
    uint32_t vector_bytes; // of one register
    uint32_t registers;
    bool fma;
    uint32_t tile_rows; // of the contraction's register tile: rows × vectors
    uint32_t tile_vectors;
    int64_t l1_bytes, l2_bytes;
    int64_t ahead_bytes; // weights beyond which the next piece is fetched ahead (contract_ahead.c)
    const char *shown;   // "AVX-512", for messages
} Target;

// By -march: "native" (the best row this processor runs), "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", or a target's
// name. NULL when unknown.
const Target *target_find(const char *march);
const Target *target_row(unsigned index); // NULL past the end
