// Graphs as text, for tests of the simplifier: prefix form, "(add x (mul 2 y))".
//
// x y z: variables (3, 4); v w: (4,); A (3, 4) and C (5, 4): matrices; p q: bool tensors (3, 4); i k: integers (3, 4); s: the
// run-time scalar lr; 2 and -0.5 are float constants of rank 0, #2 is an integer one.
#pragma once

#include <ctype.h>

#include "ir_test_support.h"

#include "simplify/rewrite.h"
#include "simplify/simplify.h"

#define READER_INPUTS 11 // letters that name inputs

typedef struct Reader {
    Lab *lab;
    const char *at;
} Reader;

static inline NodeId read_node(Reader *r);

static inline void skip_space(Reader *r) {
    while (*r->at == ' ') r->at++;
}

static inline const char *read_word(Reader *r) {
    skip_space(r);
    const char *begin = r->at;
    while (*r->at && !strchr(" ()", *r->at)) r->at++;
    return arena_strndup(r->lab->arena, begin, (size_t)(r->at - begin));
}

static inline bool is_number(const char *text) { return isdigit((unsigned char)text[text[0] == '-']); }
static inline bool number_follows(Reader *r) {
    skip_space(r);
    return is_number(r->at);
}
static inline int64_t read_int(Reader *r) { return strtoll(read_word(r), NULL, 10); }

static inline size_t read_list(Reader *r, int64_t *list) {
    size_t count = 0;
    skip_space(r);
    assert_int_equal(*r->at++, '(');
    for (skip_space(r); *r->at != ')'; skip_space(r)) list[count++] = read_int(r);
    r->at++;
    return count;
}

static inline Shape read_shape(Reader *r) {
    int64_t sizes[MAX_RANK];
    size_t rank = read_list(r, sizes);
    return shape_of(rank, sizes);
}

static inline NodeId read_leaf(Reader *r) {
    Graph *g = r->lab->g;
    const char *word = read_word(r);
    if (is_number(word)) return build_float(g, strtod(word, NULL));
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) return build_bool(g, word[0] == 't');
    if (strcmp(word, "s") == 0) return build_scalar(g, SCALAR_LR);
    if (word[0] == '#') return build_int(g, strtoll(word + 1, NULL, 10));
    static const char *const names = "xyzvwACpqik";
    static const char *const shapes[] = {"(3, 4)", "(3, 4)", "(3, 4)", "(4,)",   "(4,)",  "(3, 4)",
                                         "(5, 4)", "(3, 4)", "(3, 4)", "(3, 4)", "(3, 4)"};
    const char *found = strchr(names, word[0]);
    if (!found || word[1]) fail_msg("unknown leaf %s", word);
    uint32_t index = (uint32_t)(found - names);
    for (NodeId id = 0; id < g->count; id++) {
        if (graph_node(g, id)->op == OP_INPUT && graph_node(g, id)->attr.index == index) return id;
    }
    NodeId id = graph_append(g, OP_INPUT, NULL, 0, &(Attr){.index = index}, shape_read(shapes[index], NULL),
                             strchr("pq", word[0])   ? DT_BOOL
                             : strchr("ik", word[0]) ? DT_I64
                                                     : DT_F64);
    g->nodes[id].name = word;
    return id;
}

static inline NodeId append(Reader *r, Op op, NodeId x, const Attr *attr, Shape shape, DType dtype) {
    return graph_append(r->lab->g, op, &x, 1, attr, shape, dtype);
}

static inline NodeId read_literal(Reader *r, DType dtype) {
    double data[16];
    size_t count = 0;
    while (number_follows(r)) data[count++] = strtod(read_word(r), NULL);
    return build_literal(r->lab->g, shape_of(1, (int64_t[]){(int64_t)count}), dtype, data);
}

static inline NodeId read_slice(Reader *r, int64_t step) {
    int64_t axis = read_int(r), start = read_int(r), size = read_int(r);
    NodeId x = read_node(r);
    Shape shape = graph_node(r->lab->g, x)->shape;
    Attr attr = {.slice = {.step = {1, 1, 1, 1}}};
    attr.slice.start[axis].size = start;
    attr.slice.step[axis] = step;
    shape.dim[axis].size = size;
    return append(r, OP_SLICE, x, &attr, shape, DT_BOOL);
}

static inline NodeId read_elementwise(Reader *r, const char *name) {
    for (Op op = 0; op < OP_COUNT; op++) {
        if (strcmp(op_info[op].name, name) != 0 || op_info[op].class != CLASS_ELEMENTWISE) continue;
        NodeId x[3];
        for (int i = 0; i < op_info[op].operands; i++) x[i] = read_node(r);
        if (op == OP_WHERE) return build_where(r->lab->g, x[0], x[1], x[2]);
        return op_info[op].operands == 1 ? build_unary(r->lab->g, op, x[0]) : build_binary(r->lab->g, op, x[0], x[1]);
    }
    fail_msg("unknown op %s", name);
    return NODE_NONE;
}

static inline NodeId read_concat(Reader *r) {
    NodeId parts[8];
    size_t count = 0;
    uint32_t axis = (uint32_t)read_int(r);
    for (skip_space(r); *r->at != ')'; skip_space(r)) parts[count++] = read_node(r);
    return graph_append(r->lab->g, OP_CONCAT, parts, count, &(Attr){.axis = axis}, shape_scalar(), DT_BOOL);
}

static inline NodeId read_reduce(Reader *r, Op op, bool share_ties) {
    uint32_t axes = 0;
    while (number_follows(r)) axes |= 1u << read_int(r);
    return append(r, op, read_node(r), &(Attr){.reduce = {.axes = axes, .share_ties = share_ties}}, shape_scalar(), DT_BOOL);
}

static inline NodeId read_call(Reader *r, const char *name) {
    Graph *g = r->lab->g;
    if (strcmp(name, "cast") == 0) return append(r, OP_CAST, read_node(r), NULL, shape_scalar(), DT_F64);
    if (strcmp(name, "long") == 0) return append(r, OP_CAST, read_node(r), NULL, shape_scalar(), DT_I64);
    if (strcmp(name, "literal") == 0) return read_literal(r, DT_F64);
    if (strcmp(name, "integers") == 0) return read_literal(r, DT_I64);
    if (strcmp(name, "slice") == 0) return read_slice(r, 1);
    if (strcmp(name, "slice2") == 0) return read_slice(r, 2);
    if (strcmp(name, "concat") == 0) return read_concat(r);
    if (strcmp(name, "sum") == 0) return read_reduce(r, OP_SUM, false);
    if (strcmp(name, "max") == 0) return read_reduce(r, OP_MAX, false);
    if (strcmp(name, "max_shared") == 0) return read_reduce(r, OP_MAX, true);
    if (strcmp(name, "full") == 0) {
        Shape shape = read_shape(r);
        return build_full(g, shape, DT_F64, (double)read_int(r));
    }
    if (strcmp(name, "reshape") == 0 || strcmp(name, "expand") == 0) {
        Shape shape = read_shape(r);
        return append(r, name[0] == 'r' ? OP_RESHAPE : OP_EXPAND, read_node(r), NULL, shape, DT_BOOL);
    }
    if (strcmp(name, "permute") == 0) {
        int64_t order[MAX_RANK];
        Attr attr = {.permutation = {{0}}};
        size_t rank = read_list(r, order);
        for (size_t i = 0; i < rank; i++) attr.permutation.axis[i] = (uint8_t)order[i];
        return append(r, OP_PERMUTE, read_node(r), &attr, shape_scalar(), DT_BOOL);
    }
    if (strcmp(name, "pad") == 0) {
        int64_t axis = read_int(r), low = read_int(r), high = read_int(r);
        Attr attr;
        memset(&attr, 0, sizeof attr);
        attr.pad.low[axis].size = low;
        attr.pad.high[axis].size = high;
        return append(r, OP_PAD, read_node(r), &attr, shape_scalar(), DT_BOOL);
    }
    if (strcmp(name, "matmul") == 0 || strcmp(name, "matmul_t") == 0) {
        NodeId a = read_node(r), b = read_node(r);
        Attr attr = {.matmul = {false, name[6] != '\0'}};
        return graph_append(g, OP_MATMUL, (NodeId[]){a, b}, 2, &attr, shape_scalar(), DT_BOOL);
    }
    return read_elementwise(r, name);
}

static inline NodeId read_node(Reader *r) {
    skip_space(r);
    if (*r->at != '(') return read_leaf(r);
    r->at++;
    NodeId id = read_call(r, read_word(r));
    skip_space(r);
    assert_int_equal(*r->at++, ')');
    assert_int_not_equal(id, NODE_NONE);
    return id;
}

static inline Output output_of(Lab *lab, const char *text) {
    Reader reader = {lab, text};
    Output output = {OUTPUT_RESULT, 0, "r", read_node(&reader)};
    if (*reader.at) fail_msg("text left over: %s", reader.at);
    return output;
}

static inline uint32_t needed_nodes(Lab *lab, const Graph *g, const Output *output) {
    bool *needed = graph_needed(lab->arena, g, output, 1);
    uint32_t count = 0;
    for (NodeId id = 0; id < g->count; id++) count += needed[id];
    return count;
}

static inline bool same_tree(const Graph *g, NodeId a, const Graph *h, NodeId b) {
    const Node *x = graph_node(g, a), *y = graph_node(h, b);
    if (x->op != y->op || x->dtype != y->dtype || !shape_equal(&x->shape, &y->shape) || !attr_equal(x->op, &x->attr, &y->attr))
        return false;
    if (x->operand_count != y->operand_count) return false;
    for (uint32_t i = 0; i < x->operand_count; i++) {
        if (!same_tree(g, x->operands[i], h, y->operands[i])) return false;
    }
    return true;
}

// Simplifies both texts and demands the same tree, which cannot be simplified further, and the same values as before. `fired`
// has rewrite_count() entries.
static inline void assert_becomes(const char *name, const char *before_text, const char *after_text, uint32_t *fired) {
    Lab *lab = lab_new(DT_F64), *wanted = lab_new(DT_F64);
    lab->input_count = READER_INPUTS;
    Output before = output_of(lab, before_text), original = before, after = output_of(wanted, after_text), kept = after;
    lab_fill(lab, 3, 0.5, 2);
    Graph *got = simplify_counting(lab->g, &before, 1, fired);
    Graph *expected = simplify(wanted->g, &after, 1);
    if (expected->count != needed_nodes(wanted, wanted->g, &kept)) fail_msg("%s: can be simplified: %s", name, after_text);
    if (!same_tree(got, before.node, expected, after.node))
        fail_msg("%s: got\n%sexpected\n%s", name, lab_print(lab, got, &before, 1), lab_print(wanted, expected, &after, 1));
    Tensor old = lab_value(lab, lab->g, original.node), new = lab_value(lab, got, before.node);
    assert_int_equal(old.count, new.count);
    for (int64_t i = 0; i < old.count; i++) {
        if (old.i && old.i[i] != new.i[i]) fail_msg("%s: %lld became %lld", name, (long long)old.i[i], (long long)new.i[i]);
        if (!old.f || (isnan(old.f[i]) && isnan(new.f[i])) || old.f[i] == new.f[i]) continue;
        if (!(fabs(old.f[i] - new.f[i]) <= 1e-12 * fabs(old.f[i])))
            fail_msg("%s: %.17g became %.17g", name, old.f[i], new.f[i]);
    }
    lab_free(lab);
    lab_free(wanted);
}
