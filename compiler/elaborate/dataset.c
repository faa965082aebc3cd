// dataset(…): the description of a data set for the runtime, and the conversion of its samples at the head of the graph.
//
// Bytes become x / 255, then (x − mean) / std of `normalize`; floats are only normalised. Shapes that the description does
// not give are read from the heads of the files, if those stand beside the .net file.
#include "elaborate/eval.h"

#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- Heads of files

// Does not wait for whoever might write into a pipe.
static FILE *open_beside(Eval *eval, const char *name) {
    const char *source = eval->program->source;
    const char *slash = source ? strrchr(source, '/') : NULL;
    if (*name != '/' && slash) name = arena_printf(eval->arena, "%.*s/%s", (int)(slash - source), source, name);
    int descriptor = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
    if (!file && descriptor >= 0) close(descriptor);
    return file;
}

// What is packed can be read only at run time; `input` must tell its shape.
static bool is_gzipped(FILE *file) {
    unsigned char magic[2];
    bool gzipped = fread(magic, 1, 2, file) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
    return fseek(file, 0, SEEK_SET) != 0 || gzipped; // what cannot be read twice is no plain file either
}

bool data_file_there(Eval *eval, const char *name) {
    FILE *file = open_beside(eval, name);
    if (file) fclose(file);
    return file != NULL;
}

// What a failed download or a wrong path leaves in a file's place.
static bool is_no_data(Eval *eval, const char *name, FILE *file) {
    struct stat status;
    char begin[64] = "";
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) return !eval_error(eval, MSG(DATA_FOLDER), name);
    begin[fread(begin, 1, sizeof begin - 1, file)] = 0;
    const char *text = begin + strspn(begin, " \t\r\n");
    bool page = !strncasecmp(text, "<!doctype", 9) || !strncasecmp(text, "<html", 5) || !strncmp(text, "<?xml", 5);
    if (page) return !eval_error(eval, MSG(DATA_PAGE), name);
    if (!*begin && status.st_size == 0) return !eval_error(eval, MSG(DATA_EMPTY), name);
    return fseek(file, 0, SEEK_SET) != 0;
}

// IDX: 0, 0, type, rank, then the sizes, big-endian.
static bool read_idx(Eval *eval, const char *name, FILE *file, Shape *shape, DType *dtype) {
    unsigned char head[4], size[4];
    static const DType types[] = {
        [0x08] = DT_U8, [0x09] = DT_I64, [0x0b] = DT_I64, [0x0c] = DT_I64, [0x0d] = DT_F32, [0x0e] = DT_F64};
    bool ok = fread(head, 1, 4, file) == 4 && !head[0] && !head[1] && head[3] >= 1 && head[3] <= MAX_RANK;
    if (!ok || head[2] < 0x08 || head[2] == 0x0a || head[2] > 0x0e) return eval_error(eval, MSG(DATA_NO_IDX), name);
    *dtype = types[head[2]];
    *shape = (Shape){.rank = head[3]};
    for (int i = 0; i < head[3]; i++) {
        if (fread(size, 1, 4, file) != 4) return eval_error(eval, MSG(DATA_NO_IDX), name);
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

// Bytes, booleans and floats are stored as they are, all other integers as int64.
static bool npy_dtype(const char *descr, DType *dtype) {
    static const struct {
        const char *text;
        DType dtype;
    } kinds[] = {
        {"|u1", DT_U8},  {"|b1", DT_BOOL}, {"<f4", DT_F32}, {"<f8", DT_F64}, {"<i8", DT_I64},
        {"<i4", DT_I64}, {"<i2", DT_I64},  {"|i1", DT_I64}, {"<u2", DT_I64}, {"<u4", DT_I64},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(descr, kinds[i].text) != 0) continue;
        *dtype = kinds[i].dtype;
        return true;
    }
    return false;
}

// The text between the quotes after 'key':, cut to what a type can be; "" if there is none.
static void npy_value(const char *text, const char *key, char value[16]) {
    const char *at = strstr(text, key);
    at = at ? strchr(at + strlen(key), '\'') : NULL;
    size_t length = at ? strcspn(at + 1, "'") : 0;
    if (length > 15) length = 15;
    if (length) memcpy(value, at + 1, length);
    value[length] = 0;
}

static bool read_npy(Eval *eval, const char *name, FILE *file, Shape *shape, DType *dtype) {
    unsigned char head[12];
    char text[4096], descr[16];
    if (fread(head, 1, 10, file) != 10 || memcmp(head, "\x93NUMPY", 6)) return eval_error(eval, MSG(DATA_NO_NPY), name);
    size_t length = (size_t)head[8] | (size_t)head[9] << 8;
    bool whole = head[6] == 1 && length < sizeof text && fread(text, 1, length, file) == length;
    text[whole ? length : 0] = 0;
    const char *sizes = strstr(text, "'shape'");
    *shape = (Shape){0};
    if (!sizes || !npy_shape(sizes, shape)) return eval_error(eval, MSG(DATA_NPY_HEADER), name);
    npy_value(text, "'descr':", descr);
    if (!npy_dtype(descr, dtype)) {
        eval_error(eval, MSG(DATA_NPY_TYPE), name, descr);
        eval_hint(eval, MSG(HINT_NPY_TYPE));
        return false;
    }
    return shape->rank > 0 || eval_error(eval, MSG(DATA_NPY_SCALAR), name);
}

// The shape and type of the samples of a file, if it stands beside the .net file: *found. False, with a message, if it does but
// is not what it should be.
static bool read_head(Eval *eval, const char *format, const char *name, bool *found, Shape *sample, DType *dtype) {
    FILE *file = name ? open_beside(eval, name) : NULL;
    *found = false;
    if (!file) return true;
    Shape whole;
    bool plain = !is_gzipped(file), ok = !plain || !is_no_data(eval, name, file);
    if (ok && plain && !strcmp(format, "npy")) ok = *found = read_npy(eval, name, file, &whole, dtype);
    if (ok && plain && !strcmp(format, "idx")) ok = *found = read_idx(eval, name, file, &whole, dtype);
    fclose(file);
    if (!*found) return ok;
    *sample = (Shape){.rank = (uint8_t)(whole.rank - 1)};
    memcpy(sample->dim, whole.dim + 1, sample->rank * sizeof(Dim));
    return true;
}

// ---- The description
static bool text_or_none(Eval *eval, const Value *value, const char *what, const char **result) {
    *result = NULL;
    return value->kind == VALUE_NONE || arg_string(eval, value, what, result);
}

// x='a.npy', or x=['a.npy', 'b.npy'] for a model of several inputs.
static bool read_names(Eval *eval, const Value *value, const char *what, const char *const **names, size_t *count) {
    bool list = value->kind == VALUE_LIST || value->kind == VALUE_TUPLE;
    const Value *items = list ? value->list->items : value;
    *names = NULL;
    *count = list ? value->list->count : value->kind != VALUE_NONE;
    if (list && !*count) return eval_error(eval, MSG(DATA_NO_FILES), eval->callee, what);
    if (!*count) return true;
    const char **texts = NEW_ARRAY(eval->arena, const char *, *count);
    for (size_t i = 0; i < *count; i++) {
        if (!arg_string(eval, &items[i], what, &texts[i])) return false;
    }
    *names = texts;
    return true;
}

static bool read_input_files(Eval *eval, const Value *train, const Value *test, Dataset *data) {
    DataSpec *spec = &data->spec;
    size_t count;
    if (!read_names(eval, train, "train_x", &spec->train_x, &spec->x_count)) return false;
    if (!read_names(eval, test, "test_x", &spec->test_x, &count)) return false;
    if (count && count != spec->x_count) return eval_error(eval, MSG(DATA_FILES_DIFFER), spec->x_count, count);
    data->input_count = spec->x_count ? spec->x_count : 1;
    data->inputs = NEW_ARRAY(eval->arena, DataInput, data->input_count);
    return true;
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

static bool read_files(Eval *eval, Dataset *data) {
    const DataSpec *spec = &data->spec;
    bool found;
    for (size_t i = 0; i < spec->x_count; i++) {
        DataInput *input = &data->inputs[i];
        if (!input->known) {
            if (!read_head(eval, spec->format, spec->train_x[i], &input->known, &input->shape, &input->dtype)) return false;
        }
        // Kernels read the program's own type of floats: files are converted when they are read.
        if (dtype_is_float(input->dtype)) input->dtype = eval_float(eval);
    }
    if (data->target_known || spec->class_count) return true;
    if (!read_head(eval, spec->format, spec->train_y, &found, &data->target.shape, &data->target.dtype)) return false;
    data->target_known = found;
    if (data->target.dtype == DT_U8 || data->target.dtype == DT_BOOL) data->target.dtype = DT_I64; // labels
    return true;
}

static bool call_dataset(Eval *eval, const Value *args, Value *result) {
    Dataset *data = NEW(eval->arena, Dataset);
    DataSpec *spec = &data->spec;
    spec->present = true;
    spec->span = eval_user_span(eval);
    if (!arg_string(eval, &args[0], "format", &spec->format) || !read_input_files(eval, &args[4], &args[6], data) ||
        !text_or_none(eval, &args[5], "train_y", &spec->train_y) || !text_or_none(eval, &args[7], "test_y", &spec->test_y) ||
        !text_or_none(eval, &args[2], "kind", &spec->kind) || !text_or_none(eval, &args[3], "folder", &spec->folder)) {
        return false;
    }
    const char *const *names; // a set without a name of its own is called like its first file
    size_t name_count;
    if (!read_names(eval, &args[1], "name", &names, &name_count)) return false;
    spec->name = name_count ? names[0] : NULL;
    DataInput given = {.known = args[8].kind != VALUE_NONE};
    if (given.known && !arg_shape(eval, &args[8], "shape", false, &given.shape)) return false;
    if (!arg_dtype(eval, &args[9], "dtype", &given.dtype)) return false;
    for (size_t i = 0; i < data->input_count; i++) data->inputs[i] = given;
    if (!read_classes(eval, &args[10], data) || !arg_int(eval, &args[11], "count", &spec->count) ||
        !arg_int(eval, &args[12], "seed", &spec->seed) || !arg_number(eval, &args[13], "validation", &spec->validation) ||
        !read_target(eval, &args[14], data) || !read_normalize(eval, &args[15], data) ||
        !read_names(eval, &args[16], "not_in", &spec->not_in, &spec->not_in_count) ||
        !text_or_none(eval, &args[17], "fetch", &spec->fetch)) {
        return false;
    }
    if (data->input_count > 1 && data->mean.kind != VALUE_NONE) return eval_error(eval, MSG(NORMALIZE_INPUTS));
    if (data->input_count > 1 && spec->target_is_input) return eval_error(eval, MSG(DATA_TARGET_INPUTS));
    if (spec->validation < 0 || spec->validation >= 1) {
        return eval_error(eval, MSG(DATA_VALIDATION));
    }
    if (spec->count < 0) return eval_error(eval, MSG(DATA_COUNT));
    if (!read_files(eval, data)) return false;
    *result = (Value){VALUE_DATASET, {.dataset = data}};
    return true;
}

const Builtin data_builtins[] = {
    {"dataset",
     "format, name, kind=None, folder=None, train_x=None, train_y=None, test_x=None, test_y=None, shape=None, "
     "dtype='uint8', classes=None, count=0, seed=0, validation=0.0, target=None, normalize=None, not_in=None, fetch=None",
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
    DType stored_as = graph_node(g, stored)->dtype;
    NodeId x = build_cast(g, stored, g->float_type);
    if (stored_as == DT_U8) x = build_binary(g, OP_DIV, x, build_float(g, 255));
    if (data->mean.kind != VALUE_NONE) {
        NodeId mean = per_channel(eval, &data->mean, x);
        NodeId std = mean == NODE_NONE ? NODE_NONE : per_channel(eval, &data->std, x);
        if (std == NODE_NONE) return false;
        x = build_binary(g, OP_DIV, build_binary(g, OP_SUB, x, mean), std);
    }
    *result = x;
    return x != NODE_NONE || eval_failed(eval);
}
