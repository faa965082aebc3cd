// Opens and writes safetensors files. See safetensors.h; header.c parses the JSON, vars.c knows a program's variables.
#include "checkpoint/safetensors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint/atomic_file.h"
#include "checkpoint/header.h"
#include "report/json.h"

enum { HEADER_LIMIT = 100000000, LENGTH_BYTES = 8 };

// ---- Reading

static bool map_file(const char *path, NetrtSafetensors *out, NetrtError *error) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    bool done = false;
    if (file < 0 || fstat(file, &status) != 0) {
        netrt_fail(error, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        netrt_fail(error, "%s: is no file", path);
    } else if (status.st_size < LENGTH_BYTES) {
        netrt_fail(error, "%s: is no safetensors file: it has only %lld bytes", path, (long long)status.st_size);
    } else {
        void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
        done = map != MAP_FAILED;
        if (done) {
            out->map = map;
            out->map_bytes = (size_t)status.st_size;
        } else {
            netrt_fail(error, "%s: cannot be read: %s", path, strerror(errno));
        }
    }
    if (file >= 0) close(file);
    return done;
}

// What people take for a file of safetensors: the beginning, which no sensible length of a header has, and what to do.
static const struct Other {
    const char *start, *advice;
} others[] = {
    {"PK\3\4", "PyTorch's own format (torch.save): write it with safetensors.torch.save_file(model.state_dict(), …)"},
    {"<!DOCT", "a web page (HTML): the download went wrong"},
    {"<html>", "a web page (HTML): the download went wrong"},
    {"\x89HDF", "HDF5"},
};

static const char *other_format(const unsigned char *bytes) {
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (memcmp(bytes, others[i].start, strlen(others[i].start)) == 0) return others[i].advice;
    return NULL;
}

bool netrt_safetensors_open(const char *path, NetrtSafetensors *out, NetrtError *error) {
    *out = (NetrtSafetensors){0};
    if (!map_file(path, out, error)) return false;
    const unsigned char *bytes = out->map;
    uint64_t length = 0, rest = out->map_bytes - LENGTH_BYTES;
    for (int i = LENGTH_BYTES; i-- > 0;) length = length << 8 | bytes[i];
    bool done;
    if ((length > HEADER_LIMIT || length > rest) && other_format(bytes)) {
        done = netrt_fail(error, "%s: is no safetensors file, but %s", path, other_format(bytes));
    } else if (length > HEADER_LIMIT) {
        done = netrt_fail(error, "%s: is no safetensors file: the length of its header would be %llu bytes", path,
                          (unsigned long long)length);
    } else if (length > rest) {
        done = netrt_fail(error, "%s: truncated: its header has %llu bytes, the file only %llu", path,
                          (unsigned long long)length, (unsigned long long)rest);
    } else {
        const unsigned char *header = bytes + LENGTH_BYTES;
        done = netrt_safetensors_parse(out, (const char *)header, (size_t)length, header + length, (int64_t)(rest - length),
                                       path, error);
    }
    if (!done) netrt_safetensors_close(out);
    return done;
}

void netrt_safetensors_close(NetrtSafetensors *file) {
    if (file->map) munmap(file->map, file->map_bytes);
    free(file->tensors);
    free(file->metadata);
    free(file->strings);
    *file = (NetrtSafetensors){0};
}

const NetrtTensor *netrt_safetensors_find(const NetrtSafetensors *file, const char *name) {
    for (int64_t i = 0; i < file->tensor_count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) return &file->tensors[i];
    }
    return NULL;
}

const char *netrt_safetensors_meta(const NetrtSafetensors *file, const char *key) {
    for (int64_t i = 0; i < file->metadata_count; i++) {
        if (strcmp(file->metadata[i].key, key) == 0) return file->metadata[i].value;
    }
    return NULL;
}

// ---- Writing

static int64_t view_count(const NetrtTensorView *view) {
    int64_t count = 1;
    for (int32_t i = 0; i < view->rank; i++) count *= view->shape[i];
    return count;
}

static int64_t view_bytes(const NetrtTensorView *view) { return view_count(view) * (int64_t)netrt_st_size(view->dtype); }

// Tensors of wide elements come first, so that all are aligned in the file; otherwise the order given is kept.
static void sort_by_width(const NetrtTensorView *tensors, int64_t count, const NetrtTensorView **order) {
    int64_t n = 0;
    for (size_t width = 8; width > 0; width /= 2) {
        for (int64_t i = 0; i < count; i++) {
            if (netrt_st_size(tensors[i].dtype) == width) order[n++] = &tensors[i];
        }
    }
}

static void print_header(FILE *out, const NetrtTensorView *const *order, int64_t count, const NetrtMeta *metadata,
                         int64_t metadata_count) {
    const char *comma = "";
    fputc('{', out);
    if (metadata_count > 0) {
        fputs("\"__metadata__\":{", out);
        for (int64_t i = 0; i < metadata_count; i++) {
            if (i) fputc(',', out);
            netrt_json_string(out, metadata[i].key);
            fputc(':', out);
            netrt_json_string(out, metadata[i].value);
        }
        fputc('}', out);
        comma = ",";
    }
    int64_t offset = 0;
    for (int64_t i = 0; i < count; i++, comma = ",") {
        fputs(comma, out);
        netrt_json_string(out, order[i]->name);
        fprintf(out, ":{\"dtype\":\"%s\",\"shape\":[", netrt_st_name(order[i]->dtype));
        for (int32_t k = 0; k < order[i]->rank; k++) fprintf(out, k ? ",%lld" : "%lld", (long long)order[i]->shape[k]);
        int64_t end = offset + view_bytes(order[i]);
        fprintf(out, "],\"data_offsets\":[%lld,%lld]}", (long long)offset, (long long)end);
        offset = end;
    }
    fputc('}', out);
    while (ftell(out) % 8 != 0) fputc(' ', out); // the elements begin at a multiple of 8 bytes
}

// Writes the elements in row-major order, a stretch at a time. Where `stride` runs along the innermost axes as they lie in
// memory, the stretches are long.
static void write_elements(FILE *out, const NetrtTensorView *view) {
    int64_t size = (int64_t)netrt_st_size(view->dtype), run = 1, index[NETRT_MAX_RANK] = {0};
    if (view_count(view) == 0) return;
    int32_t outer = view->rank; // axes below this one are walked; those from it on are one stretch of `run` elements
    while (outer > 0 && (!view->stride || view->shape[outer - 1] == 1 || view->stride[outer - 1] == run))
        run *= view->shape[--outer];
    const char *at = view->data;
    for (;;) {
        fwrite(at, (size_t)size, (size_t)run, out);
        int32_t axis = outer - 1;
        for (; axis >= 0; axis--) {
            at += view->stride[axis] * size;
            if (++index[axis] < view->shape[axis]) break;
            at -= view->stride[axis] * view->shape[axis] * size;
            index[axis] = 0;
        }
        if (axis < 0) return;
    }
}

static bool write_file(const char *path, const char *header, size_t length, const NetrtTensorView *const *order, int64_t count,
                       NetrtError *error) {
    NetrtAtomicFile file;
    if (!netrt_atomic_open(&file, path, error)) return false;
    for (int i = 0; i < LENGTH_BYTES; i++) fputc((int)((uint64_t)length >> 8 * i & 0xff), file.stream);
    fwrite(header, 1, length, file.stream);
    for (int64_t i = 0; i < count && !ferror(file.stream); i++) write_elements(file.stream, order[i]);
    return netrt_atomic_commit(&file, error);
}

bool netrt_safetensors_write(const char *path, const NetrtTensorView *tensors, int64_t tensor_count, const NetrtMeta *metadata,
                             int64_t metadata_count, NetrtError *error) {
    const NetrtTensorView **order = malloc(((size_t)tensor_count + 1) * sizeof *order);
    char *header = NULL;
    size_t length = 0;
    FILE *text = open_memstream(&header, &length);
    bool done = false;
    if (order && text) {
        sort_by_width(tensors, tensor_count, order);
        print_header(text, order, tensor_count, metadata, metadata_count);
        bool printed = !ferror(text);
        printed &= fclose(text) == 0;
        text = NULL;
        done = printed ? write_file(path, header, length, order, tensor_count, error)
                       : netrt_fail(error, "%s: not enough memory to write it", path);
    } else {
        netrt_fail(error, "%s: not enough memory to write it", path);
    }
    if (text) fclose(text);
    free(header);
    free(order);
    return done;
}
