// Parses the header of a safetensors file:
//
//     {"__metadata__": {"format": "pt"}, "fc1.bias": {"dtype": "F32", "shape": [128], "data_offsets": [0, 512]}, …}
//
// A small parser of its own instead of a JSON library: compiled programs carry it, and files come from strangers. It knows
// objects of this form only; every other JSON is an error, and so is a key that comes twice.
#include "checkpoint/header.h"

#include <stdlib.h>
#include <string.h>

// By NETRT_* and NETRT_ST_*.
static const struct StType {
    const char *name;
    size_t size;
} st_types[] = {
    [NETRT_BOOL] = {"BOOL", 1},  [NETRT_U8] = {"U8", 1},      [NETRT_I64] = {"I64", 8},      [NETRT_F32] = {"F32", 4},
    [NETRT_F64] = {"F64", 8},    [NETRT_ST_F16] = {"F16", 2}, [NETRT_ST_BF16] = {"BF16", 2}, [NETRT_ST_I8] = {"I8", 1},
    [NETRT_ST_I16] = {"I16", 2}, [NETRT_ST_I32] = {"I32", 4},
};
enum { ST_TYPES = sizeof st_types / sizeof *st_types };

const char *netrt_st_name(int32_t dtype) { return st_types[dtype].name; }
size_t netrt_st_size(int32_t dtype) { return st_types[dtype].size; }

typedef struct Parser {
    NetrtSafetensors *file;
    const char *at, *end;
    char *strings; // where the next string goes: unescaped text is never longer than the JSON it came from
    const unsigned char *data;
    int64_t data_bytes;
    int64_t tensor_capacity, metadata_capacity;
    const char *path;
    NetrtError *error;
} Parser;

static bool malformed(Parser *p, const char *reason) {
    return netrt_fail(p->error, "%s: is no valid safetensors file: %s", p->path, reason);
}

static bool about(Parser *p, const char *name, const char *reason) {
    return netrt_fail(p->error, "%s: is no valid safetensors file: tensor '%.200s' %s", p->path, name, reason);
}

// ---- Tokens

static void skip_spaces(Parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r')) p->at++;
}

static bool peek(Parser *p, char c) {
    skip_spaces(p);
    return p->at < p->end && *p->at == c;
}

static bool accept(Parser *p, char c) {
    if (!peek(p, c)) return false;
    p->at++;
    return true;
}

static bool expect(Parser *p, char c) {
    static const char *const reasons[] = {"the JSON header lacks a '{'", "the JSON header lacks a '['",
                                          "the JSON header lacks a ']'", "the JSON header lacks a ':'",
                                          "the JSON header lacks a ','"};
    if (accept(p, c)) return true;
    return malformed(p, reasons[c == '{' ? 0 : c == '[' ? 1 : c == ']' ? 2 : c == ':' ? 3 : 4]);
}

static bool hex4(Parser *p, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        if (p->at == p->end) return false;
        char c = *p->at;
        int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0) return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static void put_utf8(Parser *p, uint32_t c) {
    if (c < 0x80) {
        *p->strings++ = (char)c;
    } else if (c < 0x800) {
        *p->strings++ = (char)(0xc0 | c >> 6);
        *p->strings++ = (char)(0x80 | (c & 63));
    } else {
        if (c < 0x10000) {
            *p->strings++ = (char)(0xe0 | c >> 12);
        } else {
            *p->strings++ = (char)(0xf0 | c >> 18);
            *p->strings++ = (char)(0x80 | (c >> 12 & 63));
        }
        *p->strings++ = (char)(0x80 | (c >> 6 & 63));
        *p->strings++ = (char)(0x80 | (c & 63));
    }
}

// What follows a backslash. A character beyond 16 bits is written as two escapes.
static bool take_escape(Parser *p) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (p->at == p->end) return malformed(p, "a string does not end");
    char c = *p->at++;
    const char *plain = c ? strchr(from, c) : NULL;
    if (plain) {
        *p->strings++ = to[plain - from];
        return true;
    }
    uint32_t high, low;
    if (c != 'u' || !hex4(p, &high)) return malformed(p, "a string holds a bad escape");
    if (high >= 0xd800 && high < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
        p->at += 2;
        if (!hex4(p, &low) || low < 0xdc00 || low >= 0xe000) return malformed(p, "a string holds a bad escape");
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    if (high == 0 || (high >= 0xd800 && high < 0xe000)) return malformed(p, "a string holds a bad escape");
    put_utf8(p, high);
    return true;
}

static bool take_string(Parser *p, const char **text) {
    if (!accept(p, '"')) return malformed(p, "the JSON header lacks a string");
    *text = p->strings;
    while (p->at < p->end && *p->at != '"') {
        unsigned char c = (unsigned char)*p->at++;
        if (c < 0x20) return malformed(p, "a string holds a control character");
        if (c == '\\') {
            if (!take_escape(p)) return false;
        } else {
            *p->strings++ = (char)c;
        }
    }
    if (p->at == p->end) return malformed(p, "a string does not end");
    p->at++;
    *p->strings++ = 0;
    return true;
}

// A size or an offset: a whole number of at most 63 bits.
static bool take_integer(Parser *p, int64_t *value) {
    skip_spaces(p);
    const char *start = p->at;
    *value = 0;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *p->at - '0', value)) {
            return malformed(p, "a number is impossibly large");
        }
    }
    bool leading_zero = p->at - start > 1 && *start == '0';
    bool more = p->at < p->end && (*p->at == '.' || (*p->at | 32) == 'e');
    if (p->at == start || leading_zero || more) return malformed(p, "a size or an offset is no whole number");
    return true;
}

// ---- Objects

static bool take_metadata(Parser *p) {
    NetrtSafetensors *file = p->file;
    if (!expect(p, '{')) return false;
    if (accept(p, '}')) return true;
    do {
        if (file->metadata_count == p->metadata_capacity) {
            p->metadata_capacity = p->metadata_capacity ? 2 * p->metadata_capacity : 8;
            NetrtMeta *larger = realloc(file->metadata, (size_t)p->metadata_capacity * sizeof *larger);
            if (!larger) return netrt_fail(p->error, "%s: not enough memory for its header", p->path);
            file->metadata = larger;
        }
        NetrtMeta *entry = &file->metadata[file->metadata_count];
        if (!take_string(p, &entry->key) || !expect(p, ':') || !take_string(p, &entry->value)) return false;
        file->metadata_count++;
    } while (accept(p, ','));
    if (accept(p, '}')) return true;
    return malformed(p, "the JSON header lacks a '}'");
}

static bool take_dtype(Parser *p, NetrtTensor *tensor) {
    const char *name;
    if (!take_string(p, &name)) return false;
    for (int32_t i = 0; i < ST_TYPES; i++) {
        if (strcmp(st_types[i].name, name) == 0) {
            tensor->dtype = i;
            return true;
        }
    }
    return netrt_fail(p->error, "%s: tensor '%.200s' has the type %.40s, which cannot be read", p->path, tensor->name, name);
}

static bool take_shape(Parser *p, NetrtTensor *tensor) {
    if (!expect(p, '[')) return false;
    if (accept(p, ']')) return true;
    do {
        if (tensor->rank == NETRT_MAX_RANK) {
            return netrt_fail(p->error, "%s: tensor '%.200s' has more than %d dimensions", p->path, tensor->name,
                              NETRT_MAX_RANK);
        }
        if (!take_integer(p, &tensor->shape[tensor->rank++])) return false;
    } while (accept(p, ','));
    return expect(p, ']');
}

static bool check_extent(Parser *p, NetrtTensor *tensor, const int64_t offsets[2]) {
    tensor->count = 1;
    for (int32_t i = 0; i < tensor->rank; i++) {
        if (__builtin_mul_overflow(tensor->count, tensor->shape[i], &tensor->count))
            return about(p, tensor->name, "is impossibly large");
    }
    int64_t bytes;
    if (__builtin_mul_overflow(tensor->count, (int64_t)netrt_st_size(tensor->dtype), &bytes)) {
        return about(p, tensor->name, "is impossibly large");
    }
    if (offsets[0] > offsets[1] || offsets[1] > p->data_bytes) {
        return about(p, tensor->name, "lies beyond the end of the file (is the file truncated?)");
    }
    if (offsets[1] - offsets[0] != bytes) return about(p, tensor->name, "has a shape that does not fit its offsets");
    tensor->data = p->data + offsets[0];
    return true;
}

// {"dtype": …, "shape": […], "data_offsets": [begin, end]} in any order.
static bool take_tensor(Parser *p, NetrtTensor *tensor) {
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    unsigned seen = 0;
    int64_t offsets[2] = {0};
    if (!expect(p, '{')) return false;
    do {
        const char *key;
        if (!take_string(p, &key) || !expect(p, ':')) return false;
        unsigned this_one = strcmp(key, "dtype") == 0          ? DTYPE
                            : strcmp(key, "shape") == 0        ? SHAPE
                            : strcmp(key, "data_offsets") == 0 ? OFFSETS
                                                               : 0;
        if (!this_one || (seen & this_one))
            return about(p, tensor->name, "is described by keys other than dtype, shape, data_offsets");
        seen |= this_one;
        bool taken = this_one == DTYPE   ? take_dtype(p, tensor)
                     : this_one == SHAPE ? take_shape(p, tensor)
                                         : expect(p, '[') && take_integer(p, &offsets[0]) && expect(p, ',') &&
                                               take_integer(p, &offsets[1]) && expect(p, ']');
        if (!taken) return false;
    } while (accept(p, ','));
    if (!accept(p, '}')) return malformed(p, "the JSON header lacks a '}'");
    if (seen != (DTYPE | SHAPE | OFFSETS)) return about(p, tensor->name, "lacks its dtype, shape or data_offsets");
    return check_extent(p, tensor, offsets);
}

static bool take_entry(Parser *p, bool *has_metadata) {
    NetrtSafetensors *file = p->file;
    const char *name;
    if (!take_string(p, &name) || !expect(p, ':')) return false;
    if (strcmp(name, "__metadata__") == 0) {
        if (*has_metadata) return malformed(p, "__metadata__ comes twice");
        *has_metadata = true;
        return take_metadata(p);
    }
    if (file->tensor_count == p->tensor_capacity) {
        p->tensor_capacity = p->tensor_capacity ? 2 * p->tensor_capacity : 16;
        NetrtTensor *larger = realloc(file->tensors, (size_t)p->tensor_capacity * sizeof *larger);
        if (!larger) return netrt_fail(p->error, "%s: not enough memory for its header", p->path);
        file->tensors = larger;
    }
    NetrtTensor *tensor = &file->tensors[file->tensor_count++];
    *tensor = (NetrtTensor){.name = name};
    return take_tensor(p, tensor);
}

// ---- The whole

static int by_name(const void *a, const void *b) {
    return strcmp((*(const NetrtTensor *const *)a)->name, (*(const NetrtTensor *const *)b)->name);
}

static int by_key(const void *a, const void *b) { return strcmp(((const NetrtMeta *)a)->key, ((const NetrtMeta *)b)->key); }

static int by_place(const void *a, const void *b) {
    const NetrtTensor *x = *(const NetrtTensor *const *)a, *y = *(const NetrtTensor *const *)b;
    if (x->data != y->data) return x->data < y->data ? -1 : 1;
    return (x->count > 0) - (y->count > 0); // empty ones first: they end where they begin
}

// No name twice; sorted by their places, each tensor begins where the one before it ends, and the last one ends the file.
static bool check_layout(Parser *p) {
    NetrtSafetensors *file = p->file;
    size_t n = (size_t)file->tensor_count;
    const NetrtTensor **order = malloc((n + 1) * sizeof *order);
    if (!order) return netrt_fail(p->error, "%s: not enough memory for its header", p->path);
    for (size_t i = 0; i < n; i++) order[i] = &file->tensors[i];
    bool good = true;
    qsort(order, n, sizeof *order, by_name);
    for (size_t i = 1; good && i < n; i++) {
        if (strcmp(order[i - 1]->name, order[i]->name) == 0) good = about(p, order[i]->name, "comes twice");
    }
    if (good) qsort(order, n, sizeof *order, by_place);
    const unsigned char *place = p->data;
    for (size_t i = 0; good && i < n; i++) {
        if (order[i]->data < place) good = about(p, order[i]->name, "overlaps another one");
        else if (order[i]->data > place) good = about(p, order[i]->name, "leaves a hole before it");
        place = order[i]->data + (size_t)order[i]->count * netrt_st_size(order[i]->dtype);
    }
    free(order);
    if (good && place != p->data + p->data_bytes) good = malformed(p, "bytes at its end belong to no tensor");
    if (file->metadata) qsort(file->metadata, (size_t)file->metadata_count, sizeof *file->metadata, by_key);
    for (int64_t i = 1; good && i < file->metadata_count; i++) {
        if (strcmp(file->metadata[i - 1].key, file->metadata[i].key) == 0)
            good = malformed(p, "a key of __metadata__ comes twice");
    }
    return good;
}

// Well-formed UTF-8: no stray continuation bytes, no overlong forms, no surrogates, nothing beyond U+10FFFF.
static bool is_utf8(const unsigned char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        unsigned char c = text[i++];
        if (c < 0x80) continue;
        int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
        if (c < 0xc2 || c > 0xf4 || length - i < (size_t)more) return false;
        unsigned char next = text[i];
        if ((c == 0xe0 && next < 0xa0) || (c == 0xed && next > 0x9f) || (c == 0xf0 && next < 0x90) ||
            (c == 0xf4 && next > 0x8f))
            return false;
        for (; more > 0; more--) {
            if ((text[i++] & 0xc0) != 0x80) return false;
        }
    }
    return true;
}

bool netrt_safetensors_parse(NetrtSafetensors *file, const char *text, size_t length, const unsigned char *data,
                             int64_t data_bytes, const char *path, NetrtError *error) {
    Parser p = {
        .file = file, .at = text, .end = text + length, .data = data, .data_bytes = data_bytes, .path = path, .error = error};
    // Every string of the JSON has two quotes, so a terminating NUL each fits as well.
    p.strings = file->strings = malloc(length + 1);
    if (!p.strings) return netrt_fail(error, "%s: not enough memory for its header", path);
    if (length == 0 || *text != '{' || !is_utf8((const unsigned char *)text, length)) {
        return malformed(&p, "its header is no JSON object in UTF-8");
    }
    p.at++;
    bool has_metadata = false;
    if (!accept(&p, '}')) {
        do {
            if (!take_entry(&p, &has_metadata)) return false;
        } while (accept(&p, ','));
        if (!accept(&p, '}')) return malformed(&p, "the JSON header lacks a '}'");
    }
    skip_spaces(&p);
    if (p.at != p.end) return malformed(&p, "something follows the JSON header");
    return check_layout(&p);
}
