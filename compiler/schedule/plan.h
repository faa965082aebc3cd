// Steps are data: what scheduling makes of a program, and what codegen/descriptor.c writes into the object.
#pragma once

#include "ir/program.h"
#include "schedule/kernel.h"
#include "schedule/target.h"

typedef enum PlanSpace { SPACE_VARS, SPACE_WORKSPACE, SPACE_INPUT, SPACE_INDEX, SPACE_CONST } PlanSpace; // = NETRT_SPACE_*

typedef struct PlanRef {
    PlanSpace space;
    uint32_t index;           // of the input, or of the constant in Plan.constants
    int64_t fixed, per_block; // bytes: fixed + per_block × ⌈N / 16⌉
} PlanRef;

typedef struct PlanStep {
    bool draw;
    const Kernel *kernel;
    PlanRef *refs; // one for each KBUF_DATA of the kernel, in order; of a draw: the destination
    size_t ref_count;
    DrawKind draw_kind;
    int64_t draw_count;
    double a, b;
    const char *name, *lines;
} PlanStep;

typedef struct PlanOutput {
    const char *name;
    DType dtype;
    Shape shape;
    PlanRef ref; // contiguous, row-major
} PlanOutput;

typedef struct PlanEntry {
    bool present;
    struct {
        PlanStep *items;
        size_t count, capacity;
    } steps;
    int64_t workspace_fixed, workspace_per_block;
    struct {
        PlanOutput *items;
        size_t count, capacity;
    } metrics, results;
} PlanEntry;

typedef struct PlanVar {
    int64_t stride[MAX_RANK]; // elements
    int64_t offset;           // bytes into the block of variables
} PlanVar;

typedef struct PlanConstant {
    DType dtype;
    const void *data;
    size_t bytes;
} PlanConstant;

typedef struct Plan {
    const Program *program;
    const Target *target;
    PlanVar *vars; // one for each Program.vars
    int64_t vars_bytes;
    int64_t scratch_bytes;
    struct {
        PlanConstant *items;
        size_t count, capacity;
    } constants;
    struct {
        const char **items;
        size_t count, capacity;
    } messages; // of checks
    PlanEntry entries[ENTRY_COUNT];
} Plan;

typedef struct ScheduleOptions {
    bool fuse; // -O3; without it every node is a kernel of its own
} ScheduleOptions;

Plan *schedule(Arena *perm, const Program *program, const Target *target, const ScheduleOptions *options);
void plan_print(const Plan *plan, StrBuf *out); // --emit=kernels: every entry's steps and their kernels
