// Attributes compared and hashed field by field: a struct's padding and the union's other members do not count.
#include <string.h>

#include "ir/graph.h"

static bool dims_equal(const Dim *a, const Dim *b) {
    for (uint32_t i = 0; i < MAX_RANK; i++) {
        if (!dim_equal(a[i], b[i])) return false;
    }
    return true;
}

static bool same_bytes(const void *a, const void *b, size_t size) { return memcmp(a, b, size) == 0; }

static bool constant_equal(const Attr *a, const Attr *b) {
    if (!a->constant.data != !b->constant.data) return false;
    if (!a->constant.data) {
        return same_bytes(&a->constant.number, &b->constant.number, sizeof(double)) &&
               a->constant.integer == b->constant.integer;
    }
    return a->constant.count == b->constant.count &&
           same_bytes(a->constant.data, b->constant.data, a->constant.count * sizeof(double));
}

bool attr_equal(Op op, const Attr *a, const Attr *b) {
    switch (op) {
    case OP_CONST: return constant_equal(a, b);
    case OP_VAR:
    case OP_INPUT:
    case OP_SCALAR: return a->index == b->index;
    case OP_IOTA:
    case OP_CONCAT: return a->axis == b->axis;
    case OP_RAND:
    case OP_RANDN: return a->random.place == b->random.place;
    case OP_DRAW:
        return a->draw.kind == b->draw.kind && a->draw.order == b->draw.order && a->draw.a == b->draw.a &&
               a->draw.b == b->draw.b;
    case OP_SUM:
    case OP_PROD:
    case OP_MAX:
    case OP_MIN:
    case OP_ARGMAX: return a->reduce.axes == b->reduce.axes && a->reduce.share_ties == b->reduce.share_ties;
    case OP_PERMUTE: return same_bytes(&a->permutation, &b->permutation, sizeof a->permutation);
    case OP_SLICE:
        return dims_equal(a->slice.start, b->slice.start) && same_bytes(a->slice.step, b->slice.step, sizeof a->slice.step);
    case OP_PAD:
        return dims_equal(a->pad.low, b->pad.low) && dims_equal(a->pad.high, b->pad.high) &&
               same_bytes(a->pad.interior, b->pad.interior, sizeof a->pad.interior);
    case OP_MATMUL: return a->matmul.transpose_a == b->matmul.transpose_a && a->matmul.transpose_b == b->matmul.transpose_b;
    case OP_CHECKED: return strcmp(a->checked.message, b->checked.message) == 0;
    default: return true; // no attributes
    }
}

static uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x9E3779B97F4A7C15u ^ (hash >> 29); }

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) hash = mix(hash, at[i]);
    return hash;
}

static uint64_t mix_dims(uint64_t hash, const Dim *dims) {
    for (uint32_t i = 0; i < MAX_RANK; i++) hash = mix(mix(hash, (uint64_t)dims[i].size), dims[i].size && dims[i].batch);
    return hash;
}

uint64_t attr_hash(Op op, const Attr *attr) {
    uint64_t hash = mix(0, op);
    switch (op) {
    case OP_CONST:
        if (attr->constant.data) return mix_bytes(hash, attr->constant.data, attr->constant.count * sizeof(double));
        return mix_bytes(mix(hash, (uint64_t)attr->constant.integer), &attr->constant.number, sizeof(double));
    case OP_VAR:
    case OP_INPUT:
    case OP_SCALAR: return mix(hash, attr->index);
    case OP_IOTA:
    case OP_CONCAT: return mix(hash, attr->axis);
    case OP_RAND:
    case OP_RANDN: return mix(hash, attr->random.place);
    case OP_DRAW: return mix(hash, attr->draw.order);
    case OP_SUM:
    case OP_PROD:
    case OP_MAX:
    case OP_MIN:
    case OP_ARGMAX: return mix(mix(hash, attr->reduce.axes), attr->reduce.share_ties);
    case OP_PERMUTE: return mix_bytes(hash, &attr->permutation, sizeof attr->permutation);
    case OP_SLICE: return mix_bytes(mix_dims(hash, attr->slice.start), attr->slice.step, sizeof attr->slice.step);
    case OP_PAD:
        return mix_bytes(mix_dims(mix_dims(hash, attr->pad.low), attr->pad.high), attr->pad.interior,
                         sizeof attr->pad.interior);
    case OP_MATMUL: return mix(mix(hash, attr->matmul.transpose_a), attr->matmul.transpose_b);
    default: return hash;
    }
}
