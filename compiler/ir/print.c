// The text of a graph, a node a line:
//
//     %3 = matmul %1 %2.T : float32 (N, 128)              # mnist.net:3 fc1
//     assign 0 = %7
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"

#define COMMENT_COLUMN 56

static void print_dim(StrBuf *out, Dim dim) {
    if (!dim.batch || dim.size == 0) strbuf_printf(out, "%lld", (long long)dim.size);
    else if (dim.size == 1) strbuf_add(out, "N");
    else strbuf_printf(out, "%lld·N", (long long)dim.size);
}

static void print_number(StrBuf *out, DType dtype, double value, int64_t integer) {
    if (dtype == DT_BOOL) strbuf_add(out, integer ? "true" : "false");
    else if (!dtype_is_float(dtype)) strbuf_printf(out, "%lld", (long long)integer);
    else if (dtype == DT_F32) {
        // The shortest text that reads back as this float, not the digits of its double.
        char text[32];
        for (int digits = 1; digits <= 9; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtof(text, NULL) == (float)value) break;
        }
        strbuf_add(out, text);
    } else strbuf_add_double(out, value);
}

#define LITERAL_SHOWN 8

static void print_constant(const Node *node, StrBuf *out) {
    const double *data = node->attr.constant.data;
    if (!data) {
        strbuf_add(out, " ");
        print_number(out, node->dtype, node->attr.constant.number, node->attr.constant.integer);
        return;
    }
    strbuf_add(out, " [");
    for (size_t i = 0; i < node->attr.constant.count && i < LITERAL_SHOWN; i++) {
        if (i) strbuf_add(out, " ");
        print_number(out, node->dtype, data[i], (int64_t)data[i]);
    }
    strbuf_add(out, node->attr.constant.count > LITERAL_SHOWN ? " …]" : "]");
}

static void print_axes(const Node *node, StrBuf *out) {
    strbuf_add(out, " axes=");
    const char *separator = "";
    for (uint32_t i = 0; i < MAX_RANK; i++) {
        if (!(node->attr.reduce.axes & 1u << i)) continue;
        strbuf_printf(out, "%s%u", separator, i);
        separator = ",";
    }
    if (node->attr.reduce.share_ties) strbuf_add(out, " share_ties");
}

// [start:count:step, …], the count in elements of the result; a colon alone is the whole axis.
static void print_slice(const Graph *g, const Node *node, StrBuf *out) {
    const Shape *from = &graph_node(g, node->operands[0])->shape;
    strbuf_add(out, " [");
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        if (i) strbuf_add(out, ", ");
        if (dim_equal(from->dim[i], node->shape.dim[i])) {
            strbuf_add(out, ":");
            continue;
        }
        print_dim(out, node->attr.slice.start[i]);
        strbuf_add(out, " +");
        print_dim(out, node->shape.dim[i]);
        if (node->attr.slice.step[i] != 1) strbuf_printf(out, " by %lld", (long long)node->attr.slice.step[i]);
    }
    strbuf_add(out, "]");
}

static void print_pad(const Node *node, StrBuf *out) {
    strbuf_add(out, " [");
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        if (i) strbuf_add(out, ", ");
        Dim low = node->attr.pad.low[i], high = node->attr.pad.high[i];
        if (!low.size && !high.size && !node->attr.pad.interior[i]) {
            strbuf_add(out, ":");
            continue;
        }
        print_dim(out, low);
        strbuf_add(out, "+:+");
        print_dim(out, high);
        if (node->attr.pad.interior[i]) strbuf_printf(out, " between %lld", (long long)node->attr.pad.interior[i]);
    }
    strbuf_add(out, "]");
}

static void print_permutation(const Node *node, StrBuf *out) {
    strbuf_add(out, " (");
    for (uint32_t i = 0; i < node->shape.rank; i++) strbuf_printf(out, i ? ", %u" : "%u", node->attr.permutation.axis[i]);
    strbuf_add(out, ")");
}

static void print_attr(const Graph *g, const Node *node, StrBuf *out) {
    const Attr *attr = &node->attr;
    switch (node->op) {
    case OP_CONST: print_constant(node, out); break;
    case OP_VAR:
    case OP_INPUT:
        if (node->name) strbuf_printf(out, " %s", node->name);
        else strbuf_printf(out, " %u", attr->index);
        break;
    case OP_SCALAR: strbuf_printf(out, " %s", scalar_text(attr->index)); break;
    case OP_IOTA:
    case OP_CONCAT: strbuf_printf(out, " axis=%u", attr->axis); break;
    case OP_RAND:
    case OP_RANDN: strbuf_printf(out, " place=%u", attr->random.place); break;
    case OP_DRAW:
        strbuf_printf(out, " %s ", draw_text(attr->draw.kind));
        strbuf_add_double(out, attr->draw.a);
        strbuf_add(out, " ");
        strbuf_add_double(out, attr->draw.b);
        strbuf_printf(out, " order=%u", attr->draw.order);
        break;
    case OP_SUM:
    case OP_PROD:
    case OP_MAX:
    case OP_MIN:
    case OP_ARGMAX: print_axes(node, out); break;
    case OP_PERMUTE: print_permutation(node, out); break;
    case OP_SLICE: print_slice(g, node, out); break;
    case OP_PAD: print_pad(node, out); break;
    case OP_CHECKED: strbuf_printf(out, " \"%s\"", attr->checked.message ? attr->checked.message : ""); break;
    default: break;
    }
}

static bool is_transposed(const Node *node, uint32_t operand) {
    return node->op == OP_MATMUL && (operand == 0 ? node->attr.matmul.transpose_a : node->attr.matmul.transpose_b);
}

// Characters, not bytes: "2·N" must not move the comments.
static size_t columns(const StrBuf *out, size_t from) {
    size_t count = 0;
    for (size_t i = from; i < out->length; i++) count += ((unsigned char)out->text[i] & 0xC0) != 0x80;
    return count;
}

// "# file:line name", from COMMENT_COLUMN on.
static void print_comment(const Graph *g, const Node *node, size_t line_start, StrBuf *out) {
    const SourceFile *file = node->span.file == FILE_NONE || !g->diag ? NULL : diag_file(g->diag, node->span.file);
    bool named = node->name && node->op != OP_VAR && node->op != OP_INPUT;
    if (!file && !named) return;
    strbuf_add(out, "  ");
    for (size_t at = columns(out, line_start); at < COMMENT_COLUMN; at++) strbuf_add(out, " ");
    strbuf_add(out, "#");
    if (file) {
        const char *slash = strrchr(file->path, '/');
        uint32_t line, column;
        diag_position(g->diag, node->span.file, node->span.begin, &line, &column);
        strbuf_printf(out, " %s:%u", slash && !file->builtin ? slash + 1 : file->path, line);
    }
    if (named) strbuf_printf(out, " %s", node->name);
}

static void print_node(const Graph *g, NodeId id, StrBuf *out) {
    const Node *node = graph_node(g, id);
    size_t line_start = out->length;
    strbuf_printf(out, "%%%u = %s", id, op_info[node->op].name);
    for (uint32_t i = 0; i < node->operand_count; i++) {
        strbuf_printf(out, " %%%u%s", node->operands[i], is_transposed(node, i) ? ".T" : "");
    }
    print_attr(g, node, out);
    strbuf_printf(out, " : %s (", dtype_text(node->dtype));
    for (uint32_t i = 0; i < node->shape.rank; i++) {
        if (i) strbuf_add(out, ", ");
        print_dim(out, node->shape.dim[i]);
    }
    strbuf_add(out, node->shape.rank == 1 ? ",)" : ")");
    print_comment(g, node, line_start, out);
    strbuf_add(out, "\n");
}

static void print_output(const Output *output, StrBuf *out) {
    const char *name = output->name ? output->name : "?";
    switch (output->role) {
    case OUTPUT_ASSIGN:
        if (output->name) strbuf_printf(out, "assign %s = %%%u\n", output->name, output->node);
        else strbuf_printf(out, "assign %u = %%%u\n", output->index, output->node);
        break;
    case OUTPUT_METRIC: strbuf_printf(out, "metric %s = %%%u\n", name, output->node); break;
    case OUTPUT_RESULT: strbuf_printf(out, "result %s = %%%u\n", name, output->node); break;
    case OUTPUT_EFFECT: strbuf_printf(out, "effect %%%u\n", output->node); break;
    }
}

bool *graph_needed(Arena *arena, const Graph *g, const Output *outputs, size_t count) {
    bool *needed = NEW_ARRAY(arena, bool, g->count + 1);
    for (size_t i = 0; i < count; i++) needed[outputs[i].node] = true;
    for (NodeId id = g->count; id-- > 0;) {
        const Node *node = graph_node(g, id);
        for (uint32_t i = 0; needed[id] && i < node->operand_count; i++) needed[node->operands[i]] = true;
    }
    return needed;
}

void graph_print(const Graph *g, const Output *outputs, size_t count, StrBuf *out) {
    Arena *scratch = arena_new();
    bool *needed = graph_needed(scratch, g, outputs, count);
    for (NodeId id = 0; id < g->count; id++) {
        if (count == 0 || needed[id]) print_node(g, id, out);
    }
    for (size_t i = 0; i < count; i++) print_output(&outputs[i], out);
    arena_free(scratch);
}
