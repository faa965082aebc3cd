// Every row of the simplifier's tables: its `before` becomes its `after` and computes the same.
//
// The examples are written in prefix form. x y z: variables (3, 4); v w: (4,); A (3, 4) and C (5, 4): matrices; p: a bool
// tensor (3, 4); s: the run-time scalar lr; numbers are constants of rank 0.
#include <ctype.h>

#include "ir_test_support.h"

#include "simplify/rewrite.h"
#include "simplify/simplify.h"

typedef struct Reader {
    Lab *lab;
    const char *at;
} Reader;

static NodeId read_node(Reader *r);

static void skip_space(Reader *r) {
    while (*r->at == ' ') r->at++;
}

static const char *read_word(Reader *r) {
    skip_space(r);
    const char *begin = r->at;
    while (*r->at && !strchr(" ()", *r->at)) r->at++;
    return arena_strndup(r->lab->arena, begin, (size_t)(r->at - begin));
}

static bool is_number(const char *text) { return isdigit((unsigned char)text[text[0] == '-']); }
static bool number_follows(Reader *r) {
    skip_space(r);
    return is_number(r->at);
}
static int64_t read_int(Reader *r) { return strtoll(read_word(r), NULL, 10); }

static size_t read_list(Reader *r, int64_t *list) {
    size_t count = 0;
    skip_space(r);
    assert_int_equal(*r->at++, '(');
    for (skip_space(r); *r->at != ')'; skip_space(r)) list[count++] = read_int(r);
    r->at++;
    return count;
}

static Shape read_shape(Reader *r) {
    int64_t sizes[MAX_RANK];
    size_t rank = read_list(r, sizes);
    return shape_of(rank, sizes);
}

static NodeId read_leaf(Reader *r) {
    Graph *g = r->lab->g;
    const char *word = read_word(r);
    if (is_number(word)) return build_float(g, strtod(word, NULL));
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) return build_bool(g, word[0] == 't');
    if (strcmp(word, "s") == 0) return build_scalar(g, SCALAR_LR);
    static const char *const names = "xyzvwACp";
    static const char *const shapes[] = {"(3, 4)", "(3, 4)", "(3, 4)", "(4,)", "(4,)", "(3, 4)", "(5, 4)", "(3, 4)"};
    const char *found = strchr(names, word[0]);
    if (!found || word[1]) fail_msg("unknown leaf %s", word);
    uint32_t index = (uint32_t)(found - names);
    for (NodeId id = 0; id < g->count; id++) {
        if (graph_node(g, id)->op == OP_INPUT && graph_node(g, id)->attr.index == index) return id;
    }
    NodeId id = graph_append(g, OP_INPUT, NULL, 0, &(Attr){.index = index}, shape_read(shapes[index], NULL),
                             word[0] == 'p' ? DT_BOOL : DT_F64);
    g->nodes[id].name = word;
    return id;
}

static NodeId append(Reader *r, Op op, NodeId x, const Attr *attr, Shape shape, DType dtype) {
    return graph_append(r->lab->g, op, &x, 1, attr, shape, dtype);
}

static NodeId read_literal(Reader *r) {
    double data[16];
    size_t count = 0;
    while (number_follows(r)) data[count++] = strtod(read_word(r), NULL);
    return build_literal(r->lab->g, shape_of(1, (int64_t[]){(int64_t)count}), DT_F64, data);
}

static NodeId read_slice(Reader *r) {
    int64_t axis = read_int(r), start = read_int(r), size = read_int(r);
    NodeId x = read_node(r);
    Shape shape = graph_node(r->lab->g, x)->shape;
    Attr attr = {.slice = {.step = {1, 1, 1, 1}}};
    attr.slice.start[axis].size = start;
    shape.dim[axis].size = size;
    return append(r, OP_SLICE, x, &attr, shape, DT_BOOL);
}

static NodeId read_elementwise(Reader *r, const char *name) {
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

static NodeId read_concat(Reader *r) {
    NodeId parts[8];
    size_t count = 0;
    uint32_t axis = (uint32_t)read_int(r);
    for (skip_space(r); *r->at != ')'; skip_space(r)) parts[count++] = read_node(r);
    return graph_append(r->lab->g, OP_CONCAT, parts, count, &(Attr){.axis = axis}, shape_scalar(), DT_BOOL);
}

static NodeId read_reduce(Reader *r, Op op, bool share_ties) {
    uint32_t axes = 0;
    while (number_follows(r)) axes |= 1u << read_int(r);
    return append(r, op, read_node(r), &(Attr){.reduce = {.axes = axes, .share_ties = share_ties}}, shape_scalar(), DT_BOOL);
}

static NodeId read_call(Reader *r, const char *name) {
    Graph *g = r->lab->g;
    if (strcmp(name, "cast") == 0) return append(r, OP_CAST, read_node(r), NULL, shape_scalar(), DT_F64);
    if (strcmp(name, "long") == 0) return append(r, OP_CAST, read_node(r), NULL, shape_scalar(), DT_I64);
    if (strcmp(name, "literal") == 0) return read_literal(r);
    if (strcmp(name, "slice") == 0) return read_slice(r);
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

static NodeId read_node(Reader *r) {
    skip_space(r);
    if (*r->at != '(') return read_leaf(r);
    r->at++;
    NodeId id = read_call(r, read_word(r));
    skip_space(r);
    assert_int_equal(*r->at++, ')');
    assert_int_not_equal(id, NODE_NONE);
    return id;
}

static Output output_of(Lab *lab, const char *text) {
    Reader reader = {lab, text};
    Output output = {OUTPUT_RESULT, 0, "r", read_node(&reader)};
    if (*reader.at) fail_msg("text left over: %s", reader.at);
    return output;
}

static uint32_t needed_nodes(Lab *lab, const Graph *g, const Output *output) {
    bool *needed = graph_needed(lab->arena, g, output, 1);
    uint32_t count = 0;
    for (NodeId id = 0; id < g->count; id++) count += needed[id];
    return count;
}

static bool same_tree(const Graph *g, NodeId a, const Graph *h, NodeId b) {
    const Node *x = graph_node(g, a), *y = graph_node(h, b);
    if (x->op != y->op || x->dtype != y->dtype || !shape_equal(&x->shape, &y->shape) || !attr_equal(x->op, &x->attr, &y->attr))
        return false;
    if (x->operand_count != y->operand_count) return false;
    for (uint32_t i = 0; i < x->operand_count; i++) {
        if (!same_tree(g, x->operands[i], h, y->operands[i])) return false;
    }
    return true;
}

static void check_row(size_t index) {
    const Rewrite *row = rewrite_row(index);
    Lab *lab = lab_new(DT_F64), *wanted = lab_new(DT_F64);
    uint32_t *fired = NEW_ARRAY(lab->arena, uint32_t, rewrite_count());
    lab->input_count = 8;
    Output before = output_of(lab, row->before), original = before, after = output_of(wanted, row->after), kept = after;
    lab_fill(lab, 3, 0.5, 2);
    Graph *got = simplify_counting(lab->g, &before, 1, fired);
    Graph *expected = simplify(wanted->g, &after, 1);
    if (fired[index] == 0) fail_msg("%s: did not apply to %s:\n%s", row->name, row->before, lab_print(lab, got, &before, 1));
    if (expected->count != needed_nodes(wanted, wanted->g, &kept))
        fail_msg("%s: 'after' can be simplified: %s", row->name, row->after);
    if (!same_tree(got, before.node, expected, after.node)) {
        fail_msg("%s: got\n%sexpected\n%s", row->name, lab_print(lab, got, &before, 1), lab_print(wanted, expected, &after, 1));
    }
    Tensor old = lab_value(lab, lab->g, original.node), new = lab_value(lab, got, before.node);
    assert_int_equal(old.count, new.count);
    for (int64_t i = 0; i < old.count; i++) {
        double a = old.f ? old.f[i] : (double)old.i[i], b = new.f ? new.f[i] : (double)new.i[i];
        if (fabs(a - b) > 1e-12 * fabs(a)) fail_msg("%s: %.17g became %.17g", row->name, a, b);
    }
    lab_free(lab);
    lab_free(wanted);
}

static void every_row_does_what_it_says(void **state) {
    (void)state;
    for (size_t i = 0; i < rewrite_count(); i++) check_row(i);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_does_what_it_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
