// dataset(…): the description of a data set for the runtime, and the conversion of its samples at the head of the graph.
//
// Bytes become x / 255, then (x − mean) / std of `normalize`; floats are only normalised. Shapes that the description does
// not give are read from the heads of the files, if those stand beside the .net file.
#include "elaborate/eval.h"

#include <stdio.h>

// ---- Heads of files
static FILE *open_beside(Eval *eval, const char *name) {
    const char *source = eval->program->source;
    const char *slash = source ? strrchr(source, '/') : NULL;
    if (*name != '/' && slash) name = arena_printf(eval->arena, "%.*s/%s", (int)(slash - source), source, name);
    return fopen(name, "rb");
}

// IDX: 0, 0, type, rank, then the sizes, big-endian. Only plain files can be read here; gzipped ones need `input`.
static bool read_idx(FILE *file, Shape *shape, DType *dtype) {
    unsigned char head[4], size[4];
    if (fread(head, 1, 4, file) != 4 || head[0] || head[1] || head[3] < 1 || head[3] > MAX_RANK) return false;
    if (head[2] != 0x08 && head[2] != 0x0D) return false;
    *dtype = head[2] == 0x08 ? DT_U8 : DT_F32;
    *shape = (Shape){.rank = head[3]};
    for (int i = 0; i < head[3]; i++) {
        if (fread(size, 1, 4, file) != 4) return false;
        shape->dim[i].size = (int64_t)size[0] << 24 | size[1] << 16 | size[2] << 8 | size[3];
    }
    return true;
}

static bool npy_shape(const char *text, Shape *shape) {
    const char *at = strchr(text, '(');
    for (at = at ? at + 1 : NULL; at && *at && *at != ')';) {
        char *end;
        long long size = strtoll(at, &end, 10);
        if (end == at || size < 0 || shape->rank == MAX_RANK) return false;
        shape->dim[shape->rank++].size = size;
        at = end + strspn(end, ", ");
    }
    return at && *at == ')';
}

static bool read_npy(FILE *file, Shape *shape, DType *dtype) {
    unsigned char head[12];
    char text[4096];
    if (fread(head, 1, 10, file) != 10 || memcmp(head, "\x93NUMPY", 6)) return false;
    size_t length = (size_t)head[8] | (size_t)head[9] << 8;
    if (head[6] != 1 || length >= sizeof text || fread(text, 1, length, file) != length) return false;
    text[length] = 0;
    const char *kind = strstr(text, "'descr'"), *sizes = strstr(text, "'shape'");
    if (!kind || !sizes) return false;
    static const struct {
        const char *text;
        DType dtype;
    } kinds[] = {
        {"'|u1'", DT_U8}, {"'<f4'", DT_F32}, {"'<f8'", DT_F64}, {"'<i8'", DT_I64}, {"'<i4'", DT_I64}, {"'|b1'", DT_BOOL},
    };
    *shape = (Shape){0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *found = strstr(kind, kinds[i].text);
        if (!found || found - kind > 16) continue;
        *dtype = kinds[i].dtype;
        return npy_shape(sizes, shape) && shape->rank > 0;
    }
    return false;
}

static bool read_head(Eval *eval, const char *format, const char *name, Shape *sample, DType *dtype) {
    FILE *file = name ? open_beside(eval, name) : NULL;
    if (!file) return false;
    Shape whole;
    bool ok = !strcmp(format, "idx") ? read_idx(file, &whole, dtype) : !strcmp(format, "npy") && read_npy(file, &whole, dtype);
    fclose(file);
    if (!ok) return false;
    *sample = (Shape){.rank = (uint8_t)(whole.rank - 1)};
    memcpy(sample->dim, whole.dim + 1, sample->rank * sizeof(Dim));
    return true;
}

// ---- The description
static bool text_or_none(Eval *eval, const Value *value, const char *what, const char **result) {
    *result = NULL;
    return value->kind == VALUE_NONE || arg_string(eval, value, what, result);
}

static bool read_classes(Eval *eval, const Value *value, Dataset *data) {
    data->class_names = NONE_VALUE;
    if (value->kind == VALUE_NONE) return true;
    if (value->kind == VALUE_INT) {
        if (value->integer < 0) return eval_error(eval, MSG(CLASSES_NEGATIVE));
        data->spec.class_count = (size_t)value->integer;
        return true;
    }
    const ValueList *list;
    if (!arg_list(eval, value, "classes", &list)) return false;
    const char **names = NEW_ARRAY(eval->arena, const char *, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        if (!arg_string(eval, &list->items[i], "a class", &names[i])) return false;
    }
    data->spec.classes = names;
    data->spec.class_count = list->count;
    data->class_names = *value;
    return true;
}

static bool read_normalize(Eval *eval, const Value *value, Dataset *data) {
    data->mean = data->std = NONE_VALUE;
    if (value->kind == VALUE_NONE) return true;
    const ValueList *pair;
    if (!arg_list(eval, value, "normalize", &pair)) return false;
    if (pair->count != 2) return eval_error(eval, MSG(NORMALIZE_PAIR), pair->count);
    for (int i = 0; i < 2; i++) {
        const Value *item = &pair->items[i];
        const Value *numbers = item->kind == VALUE_LIST || item->kind == VALUE_TUPLE ? item->list->items : item;
        size_t count = numbers == item ? 1 : item->list->count;
        for (size_t k = 0; k < count; k++) {
            double x;
            if (!arg_number(eval, &numbers[k], i ? "the standard deviation" : "the mean", &x)) return false;
            if (i && x == 0) return eval_error(eval, MSG(NORMALIZE_ZERO));
        }
    }
    data->mean = pair->items[0];
    data->std = pair->items[1];
    return true;
}

static bool read_target(Eval *eval, const Value *value, Dataset *data) {
    DataSpec *spec = &data->spec;
    if (value->kind == VALUE_STRING && !strcmp(value->string, "input")) {
        spec->target_is_input = true;
    } else if (value->kind == VALUE_SPEC) {
        data->target = *value->spec;
        data->target_known = true;
    } else if (value->kind != VALUE_NONE) {
        return eval_error(eval, MSG(DATA_TARGET), value_text(eval, value));
    }
    return true;
}

static void read_files(Eval *eval, Dataset *data) {
    const DataSpec *spec = &data->spec;
    if (!data->shape_known) data->shape_known = read_head(eval, spec->format, spec->train_x, &data->shape, &data->dtype);
    TensorSpec target;
    if (data->target_known || spec->class_count ||
        !read_head(eval, spec->format, spec->train_y, &target.shape, &target.dtype)) {
        return;
    }
    data->target = target;
    data->target_known = true;
    if (target.dtype == DT_U8 || target.dtype == DT_BOOL) data->target.dtype = DT_I64; // labels
}

static bool call_dataset(Eval *eval, const Value *args, Value *result) {
    Dataset *data = NEW(eval->arena, Dataset);
    DataSpec *spec = &data->spec;
    spec->present = true;
    spec->span = eval_user_span(eval);
    if (!arg_string(eval, &args[0], "format", &spec->format) || !arg_string(eval, &args[1], "name", &spec->name) ||
        !text_or_none(eval, &args[2], "kind", &spec->kind) || !text_or_none(eval, &args[3], "folder", &spec->folder)) {
        return false;
    }
    const char **files[] = {&spec->train_x, &spec->train_y, &spec->test_x, &spec->test_y};
    static const char *const names[] = {"train_x", "train_y", "test_x", "test_y"};
    for (int i = 0; i < 4; i++) {
        if (!text_or_none(eval, &args[4 + i], names[i], files[i])) return false;
    }
    data->dtype = DT_U8;
    if (args[8].kind != VALUE_NONE) {
        if (!arg_shape(eval, &args[8], "shape", false, &data->shape)) return false;
        data->shape_known = true;
    }
    if (!arg_dtype(eval, &args[9], "dtype", &data->dtype) || !read_classes(eval, &args[10], data) ||
        !arg_int(eval, &args[11], "count", &spec->count) || !arg_int(eval, &args[12], "seed", &spec->seed) ||
        !arg_number(eval, &args[13], "validation", &spec->validation) || !read_target(eval, &args[14], data) ||
        !read_normalize(eval, &args[15], data)) {
        return false;
    }
    if (dtype_is_float(data->dtype)) data->dtype = DT_F32;
    if (spec->validation < 0 || spec->validation >= 1) {
        return eval_error(eval, MSG(DATA_VALIDATION));
    }
    if (spec->count < 0) return eval_error(eval, MSG(DATA_COUNT));
    read_files(eval, data);
    *result = (Value){VALUE_DATASET, {.dataset = data}};
    return true;
}

const Builtin data_builtins[] = {
    {"dataset",
     "format, name, kind=None, folder=None, train_x=None, train_y=None, test_x=None, test_y=None, shape=None, "
     "dtype='uint8', classes=None, count=0, seed=0, validation=0.0, target=None, normalize=None",
     "A data set as the compiled program reads it; MNIST, IDX and their like are written with it.", call_dataset},
    {NULL, NULL, NULL, NULL},
};

// ---- The head of the graph
// A number for all, or one for each channel: the first axis of a sample of two or more axes, else the last.
static NodeId per_channel(Eval *eval, const Value *value, NodeId x) {
    const Shape shape = graph_node(eval->graph, x)->shape;
    NodeId node;
    eval->callee = "normalize";
    if (!arg_tensor(eval, value, "a value", &node)) return NODE_NONE;
    const Shape given = graph_node(eval->graph, node)->shape;
    if (given.rank == 0) return node;
    uint32_t channel = shape.rank > 2 ? 1 : shape.rank - 1;
    if (given.rank != 1 || (given.dim[0].size != 1 && !dim_equal(given.dim[0], shape.dim[channel]))) {
        eval_error(eval, MSG(NORMALIZE_SHAPE), shape_text(eval->arena, &given), shape_text(eval->arena, &shape));
        return NODE_NONE;
    }
    Shape wide = {.rank = shape.rank};
    for (uint32_t i = 0; i < shape.rank; i++) wide.dim[i] = (Dim){1, false};
    wide.dim[channel] = given.dim[0];
    return build_reshape(eval->graph, node, wide);
}

bool convert_samples(Eval *eval, const Dataset *data, NodeId stored, NodeId *result) {
    Graph *g = eval->graph;
    eval->site = NULL;
    eval_place(eval, data->spec.span);
    NodeId x = build_cast(g, stored, g->float_type);
    if (data->dtype == DT_U8) x = build_binary(g, OP_DIV, x, build_float(g, 255));
    if (data->mean.kind != VALUE_NONE) {
        NodeId mean = per_channel(eval, &data->mean, x);
        NodeId std = mean == NODE_NONE ? NODE_NONE : per_channel(eval, &data->std, x);
        if (std == NODE_NONE) return false;
        x = build_binary(g, OP_DIV, build_binary(g, OP_SUB, x, mean), std);
    }
    *result = x;
    return x != NODE_NONE || eval_failed(eval);
}
