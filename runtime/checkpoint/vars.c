// A program's variables in safetensors files: by name, in PyTorch's shapes, whatever layout the compiler chose for memory.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/header.h"
#include "checkpoint/safetensors.h"
#include "data/array.h"

static bool wanted(const NetrtVar *var, unsigned kinds) { return kinds >> var->kind & 1; }

// ---- Saving

static bool named_already(const NetrtTensorView *views, int64_t count, const char *name) {
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(views[i].name, name) == 0) return true;
    }
    return false;
}

static void add_view(NetrtTensorView *views, int64_t *count, const char *name, const NetrtVar *var, const char *vars) {
    if (named_already(views, *count, name)) return;
    views[(*count)++] = (NetrtTensorView){name, var->dtype, var->rank, var->shape, var->stride, vars + var->offset};
}

static const char *const *aliases_of(const NetrtVar *var) {
    static const char *const none[] = {NULL};
    return var->aliases ? var->aliases : none;
}

bool netrt_vars_save(const NetrtProgram *program, const char *vars, unsigned kinds, const char *path, const NetrtMeta *metadata,
                     int64_t metadata_count, NetrtError *error) {
    int64_t names = 0, count = 0;
    for (int64_t i = 0; i < program->var_count; i++) {
        names++;
        for (const char *const *alias = aliases_of(&program->vars[i]); *alias; alias++) names++;
    }
    NetrtTensorView *views = malloc((size_t)(names + 1) * sizeof *views);
    if (!views) return netrt_fail(error, "%s: not enough memory to write it", path);
    for (int64_t i = 0; i < program->var_count; i++) {
        const NetrtVar *var = &program->vars[i];
        if (!wanted(var, kinds)) continue;
        add_view(views, &count, var->name, var, vars);
        for (const char *const *alias = aliases_of(var); *alias; alias++) add_view(views, &count, *alias, var, vars);
    }
    bool done = netrt_safetensors_write(path, views, count, metadata, metadata_count, error);
    free(views);
    return done;
}

// ---- Conversion of elements that are read

static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff, bits;
    if (exponent == 0) {
        float small = (float)fraction * 0x1p-24f;
        return sign ? -small : small;
    }
    bits = sign | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static bool is_float(int32_t dtype) {
    return dtype == NETRT_F32 || dtype == NETRT_F64 || dtype == NETRT_ST_F16 || dtype == NETRT_ST_BF16;
}

static bool is_integer(int32_t dtype) { return !is_float(dtype) && dtype != NETRT_BOOL; }

static bool can_load(int32_t from, int32_t to) {
    return from == to || (is_float(from) && is_float(to)) || (is_integer(from) && to == NETRT_I64);
}

static double read_float(const unsigned char *at, int32_t dtype) {
    uint64_t bits = 0;
    memcpy(&bits, at, netrt_st_size(dtype));
    if (dtype == NETRT_ST_F16) return (double)half_to_float((uint16_t)bits);
    uint32_t word = dtype == NETRT_ST_BF16 ? (uint32_t)bits << 16 : (uint32_t)bits;
    float single;
    double number;
    memcpy(&single, &word, sizeof single);
    memcpy(&number, &bits, sizeof number);
    return dtype == NETRT_F64 ? number : (double)single;
}

static int64_t read_integer(const unsigned char *at, int32_t dtype) {
    uint64_t bits = 0;
    size_t size = netrt_st_size(dtype);
    memcpy(&bits, at, size);
    if (dtype == NETRT_U8) return (int64_t)bits;
    int shift = 64 - 8 * (int)size;
    return (int64_t)(bits << shift) >> shift;
}

static void copy_element(const unsigned char *from, int32_t from_type, char *to, int32_t to_type) {
    if (from_type == to_type) {
        memcpy(to, from, netrt_dtype_size(to_type));
        if (to_type == NETRT_BOOL) *to = *to != 0;
    } else if (to_type == NETRT_I64) {
        int64_t value = read_integer(from, from_type);
        memcpy(to, &value, sizeof value);
    } else {
        double number = read_float(from, from_type);
        float single = (float)number;
        if (to_type == NETRT_F64) memcpy(to, &number, sizeof number);
        else memcpy(to, &single, sizeof single);
    }
}

// From row-major elements of the file to the strides of the variable.
static void copy_tensor(const NetrtTensor *tensor, const NetrtVar *var, char *to) {
    int64_t index[NETRT_MAX_RANK] = {0}, size = (int64_t)netrt_dtype_size(var->dtype);
    const unsigned char *from = tensor->data;
    for (int64_t i = 0; i < tensor->count; i++, from += netrt_st_size(tensor->dtype)) {
        copy_element(from, tensor->dtype, to, var->dtype);
        for (int32_t axis = var->rank; axis-- > 0;) {
            to += var->stride[axis] * size;
            if (++index[axis] < var->shape[axis]) break;
            to -= var->stride[axis] * var->shape[axis] * size;
            index[axis] = 0;
        }
    }
}

// ---- Loading

static const NetrtTensor *find_tensor(const NetrtSafetensors *file, const NetrtVar *var) {
    const NetrtTensor *tensor = netrt_safetensors_find(file, var->name);
    for (const char *const *alias = aliases_of(var); !tensor && *alias; alias++) tensor = netrt_safetensors_find(file, *alias);
    return tensor;
}

static bool check_fit(const NetrtProgram *program, const NetrtVar *var, const NetrtTensor *tensor, const char *path,
                      NetrtError *error) {
    bool same = var->rank == tensor->rank;
    for (int32_t i = 0; same && i < var->rank; i++) same = var->shape[i] == tensor->shape[i];
    if (!same) {
        char theirs[128], ours[128];
        netrt_shape_text(theirs, sizeof theirs, tensor->shape, tensor->rank);
        netrt_shape_text(ours, sizeof ours, var->shape, var->rank);
        return netrt_fail(error, "%s: %.200s has the shape %s there, but %s in %s; './%s train' trains anew", path, var->name,
                          theirs, ours, program->source, program->name);
    }
    if (can_load(tensor->dtype, var->dtype)) return true;
    return netrt_fail(error, "%s: %.200s has elements of type %s there, but %s in %s", path, var->name,
                      netrt_st_name(tensor->dtype), netrt_st_name(var->dtype), program->source);
}

// Appends ", NAME" to a list in a message; after a few names only counts them.
typedef struct NameList {
    char text[320];
    size_t used;
    int64_t shown, count;
} NameList;

static void list_name(NameList *list, const char *name) {
    list->count++;
    size_t room = sizeof list->text - list->used, length = strlen(name) + 2;
    if (length >= room || list->shown + 1 < list->count) return;
    list->used += (size_t)snprintf(list->text + list->used, room, list->shown ? ", %s" : "%s", name);
    list->shown++;
}

static void print_list(const NameList *list, const char *what, char *out, size_t capacity) {
    out[0] = 0;
    int64_t more = list->count - list->shown;
    if (more > 0)
        snprintf(out, capacity, "; %s: %s%s%" PRId64 " %s", what, list->text, list->shown ? " and " : "", more,
                 list->shown ? "more" : "tensors");
    else if (list->count > 0) snprintf(out, capacity, "; %s: %s", what, list->text);
}

static bool knows_name(const NetrtProgram *program, const char *name) {
    for (int64_t i = 0; i < program->var_count; i++) {
        if (strcmp(program->vars[i].name, name) == 0) return true;
        for (const char *const *alias = aliases_of(&program->vars[i]); *alias; alias++) {
            if (strcmp(*alias, name) == 0) return true;
        }
    }
    return false;
}

static bool check_names(const NetrtProgram *program, unsigned kinds, const NetrtSafetensors *file, const char *path,
                        NetrtError *error) {
    NameList missing = {0}, unexpected = {0};
    for (int64_t i = 0; i < program->var_count; i++) {
        if (wanted(&program->vars[i], kinds) && !find_tensor(file, &program->vars[i]))
            list_name(&missing, program->vars[i].name);
    }
    for (int64_t i = 0; i < file->tensor_count; i++) {
        if (!knows_name(program, file->tensors[i].name)) list_name(&unexpected, file->tensors[i].name);
    }
    if (missing.count == 0 && unexpected.count == 0) return true;
    char missing_text[380], unexpected_text[380];
    print_list(&missing, "missing", missing_text, sizeof missing_text);
    print_list(&unexpected, "unexpected", unexpected_text, sizeof unexpected_text);
    return netrt_fail(error, "%.160s: its tensors are not those of %.60s%s%s; './%.60s train' trains anew", path,
                      program->source, missing_text, unexpected_text, program->name);
}

bool netrt_vars_load_from(const NetrtProgram *program, char *vars, unsigned kinds, const NetrtSafetensors *file,
                          const char *path, NetrtError *error) {
    // Shapes before names: an edited layer is told as such, even if the edit brought other names with it.
    for (int64_t i = 0; i < program->var_count; i++) {
        const NetrtVar *var = &program->vars[i];
        const NetrtTensor *tensor = wanted(var, kinds) ? find_tensor(file, var) : NULL;
        if (tensor && !check_fit(program, var, tensor, path, error)) return false;
    }
    if (!check_names(program, kinds, file, path, error)) return false;
    for (int64_t i = 0; i < program->var_count; i++) {
        const NetrtVar *var = &program->vars[i];
        if (wanted(var, kinds)) copy_tensor(find_tensor(file, var), var, vars + var->offset);
    }
    return true;
}

bool netrt_vars_load(const NetrtProgram *program, char *vars, unsigned kinds, const char *path, NetrtError *error) {
    NetrtSafetensors file;
    if (!netrt_safetensors_open(path, &file, error)) return false;
    bool done = netrt_vars_load_from(program, vars, kinds, &file, path, error);
    netrt_safetensors_close(&file);
    return done;
}
