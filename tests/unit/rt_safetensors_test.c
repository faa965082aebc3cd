// Safetensors: writing, reading, every rule of the format broken once, conversions, layouts, aliases, and full disks.
#include "rt_files.h"

#include <math.h>
#include <signal.h>
#include <sys/resource.h>

#include "checkpoint/atomic_file.h"
#include "checkpoint/safetensors.h"

// Writes a file with this header and `bytes` bytes 0, 1, 2, … behind it.
static void write_tensors(const char *path, const char *header, size_t bytes) {
    size_t length = strlen(header);
    unsigned char file[2048] = {(unsigned char)length, (unsigned char)(length >> 8)};
    memcpy(file + 8, header, length);
    for (size_t i = 0; i < bytes; i++) file[8 + length + i] = (unsigned char)i;
    write_file(path, file, 8 + length + bytes);
}

static void expect_failure(const char *path, const char *part) {
    NetrtSafetensors file;
    NetrtError error = {{0}};
    if (netrt_safetensors_open(path, &file, &error)) fail_msg("a file was opened that should fail: %s", part);
    assert_message(&error, part);
    assert_message(&error, path);
    assert_null(file.map);
}

static void test_read(void **state) {
    const char *path = in_folder(state, "r.safetensors");
    write_tensors(path,
                  "{\"b\\u00e9\\ud83d\\ude00\\n\":{\"shape\":[2, 1],\"dtype\":\"F32\",\"data_offsets\":[4,12]}, "
                  "\"__metadata__\":{\"format\":\"pt\",\"k\":\"\"},"
                  "\"s\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[3,4]},\"e\":{\"dtype\":\"I64\",\"shape\":[0,5],"
                  "\"data_offsets\":[3,3]},"
                  "\"t\":{\"dtype\":\"BOOL\",\"shape\":[3],\"data_offsets\":[0,3]}}   ",
                  12);
    NetrtSafetensors file;
    NetrtError error;
    if (!netrt_safetensors_open(path, &file, &error)) fail_msg("%s", error.message);
    assert_int_equal(file.tensor_count, 4);
    assert_string_equal(netrt_safetensors_meta(&file, "format"), "pt");
    assert_string_equal(netrt_safetensors_meta(&file, "k"), "");
    assert_null(netrt_safetensors_meta(&file, "other"));
    const NetrtTensor *b = netrt_safetensors_find(&file, "b\xc3\xa9\xf0\x9f\x98\x80\n");
    assert_non_null(b);
    assert_int_equal(b->dtype, NETRT_F32);
    assert_int_equal(b->rank, 2);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->data[0], 4);
    assert_int_equal(netrt_safetensors_find(&file, "s")->count, 1);
    assert_int_equal(netrt_safetensors_find(&file, "e")->count, 0);
    assert_null(netrt_safetensors_find(&file, "nothing"));
    netrt_safetensors_close(&file);
    write_tensors(path, "{}", 0);
    assert_true(netrt_safetensors_open(path, &file, &error));
    assert_int_equal(file.tensor_count, 0);
    netrt_safetensors_close(&file);
}

#define TENSOR(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"
#define NINE "1,1,1,1,1,1,1,1,1"

static const struct {
    const char *header;
    size_t bytes;
    const char *message;
} broken[] = {
    {"", 0, "no JSON object"},
    {"[]", 0, "no JSON object"},
    {" {}", 0, "no JSON object"},
    {"{\"a\xff\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]"), 4, "lacks a '}'"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") "} x", 4, "follows the JSON header"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") ",}", 4, "lacks a string"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") ",\"a\":" TENSOR("F32", "[1]", "[4,8]") "}", 8, "comes twice"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") ",\"\\u0061\":" TENSOR("F32", "[1]", "[4,8]") "}", 8, "comes twice"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") ",\"b\":" TENSOR("F32", "[1]", "[0,4]") "}", 4, "overlaps"},
    {"{\"a\":" TENSOR("F32", "[2]", "[0,8]") ",\"b\":" TENSOR("F32", "[2]", "[4,12]") "}", 12, "overlaps"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") ",\"b\":" TENSOR("F32", "[1]", "[8,12]") "}", 12, "leaves a hole"},
    {"{\"a\":" TENSOR("F32", "[1]", "[4,8]") "}", 8, "leaves a hole"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") "}", 8, "belong to no tensor"},
    {"{}", 1, "belong to no tensor"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4]") "}", 3, "beyond the end"},
    {"{\"a\":" TENSOR("F32", "[1]", "[4,0]") "}", 4, "beyond the end"},
    {"{\"a\":" TENSOR("F32", "[2]", "[0,4]") "}", 4, "does not fit its offsets"},
    {"{\"a\":" TENSOR("F64", "[1]", "[0,4]") "}", 4, "does not fit its offsets"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,9223372036854775807]") "}", 4, "beyond the end"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,9223372036854775808]") "}", 4, "impossibly large"},
    {"{\"a\":" TENSOR("F32", "[4294967296,4294967296]", "[0,4]") "}", 4, "impossibly large"},
    {"{\"a\":" TENSOR("F32", "[4611686018427387904]", "[0,4]") "}", 4, "impossibly large"},
    {"{\"a\":" TENSOR("F32", "[-1]", "[0,4]") "}", 4, "no whole number"},
    {"{\"a\":" TENSOR("F32", "[1.0]", "[0,4]") "}", 4, "no whole number"},
    {"{\"a\":" TENSOR("F32", "[1e0]", "[0,4]") "}", 4, "no whole number"},
    {"{\"a\":" TENSOR("F32", "[01]", "[0,4]") "}", 4, "no whole number"},
    {"{\"a\":" TENSOR("F32", "[" NINE "]", "[0,4]") "}", 4, "more than 8 dimensions"},
    {"{\"a\":" TENSOR("F32", "[1 1]", "[0,4]") "}", 4, "lacks a ']'"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0]") "}", 4, "lacks a ','"},
    {"{\"a\":" TENSOR("F32", "[1]", "[0,4,8]") "}", 4, "lacks a ']'"},
    {"{\"a\":" TENSOR("C64", "[1]", "[0,8]") "}", 8, "type C64"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks its dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "keys other than"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":1}}", 4, "keys other than"},
    {"{\"a\":{}}", 0, "lacks a string"},
    {"{\"a\":1}", 0, "lacks a '{'"},
    {"{\"a\" " TENSOR("F32", "[1]", "[0,4]") "}", 4, "lacks a ':'"},
    {"{\"a", 0, "does not end"},
    {"{\"a\\", 0, "does not end"},
    {"{\"a\\x\":1}", 0, "bad escape"},
    {"{\"a\\u12g4\":1}", 0, "bad escape"},
    {"{\"a\\u0000\":1}", 0, "bad escape"},
    {"{\"a\\ud800\":1}", 0, "bad escape"},
    {"{\"a\\ud800\\u0041\":1}", 0, "bad escape"},
    {"{\"a\nb\":1}", 0, "control character"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "lacks a string"},
    {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "comes twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "comes twice"},
    {"{\"__metadata__\":{\"a\":\"1\"}", 0, "lacks a '}'"},
    {"{\"__metadata__\":{\"a\":\"1\"", 0, "lacks a '}'"},
    {"{\"__metadata__\":7}", 0, "lacks a '{'"},
    {"{\"__metadata__\":{\"a\"\"1\"}}", 0, "lacks a ':'"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":7}}", 0, "lacks a '['"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":{}}}", 0, "lacks a '['"},
    {"{\"a\":{\"dtype\":\"F32\"", 0, "lacks a '}'"},
    {"{\"a\\ud800\\uE000\":1}", 0, "bad escape"},
    {"{\"a\\ud800\\u12\":1}", 0, "bad escape"},
    {"{\"a\\ud800\\n4444\":1}", 0, "bad escape"},
    {"{\"a\\ud800\\", 0, "bad escape"},
    {"{\"a\\ud8", 0, "bad escape"},
    {"{\"a\\udc00\":1}", 0, "bad escape"},
    {"{\"a\":" TENSOR("F32", "[99999999999999999999]", "[0,4]") "}", 4, "impossibly large"},
    {"{\"a\":" TENSOR("F32", "[9223372036854775808]", "[0,4]") "}", 4, "impossibly large"},
    {"{\"a\xe0\x9f\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xed\xa0\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xf0\x8f\x80\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xf4\x90\x80\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xf5\x80\x80\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xc1\x80\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xc3(\":1}", 0, "no JSON object in UTF-8"},
    {"{\"a\xe2\x82", 0, "no JSON object in UTF-8"},
    {"{\t\"\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"\r\n:1}", 0, "lacks a '{'"},
};

static void test_broken_headers(void **state) {
    const char *path = in_folder(state, "b.safetensors");
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        write_tensors(path, broken[i].header, broken[i].bytes);
        expect_failure(path, broken[i].message);
    }
}

static void test_broken_lengths(void **state) {
    const char *path = in_folder(state, "l.safetensors");
    expect_failure(in_folder(state, "none"), "No such file");
    expect_failure(((Folder *)*state)->path, "is no file");
    write_file(path, "", 0);
    expect_failure(path, "only 0 bytes");
    write_file(path, "\1\0\0\0\0\0\0", 7);
    expect_failure(path, "only 7 bytes");
    write_file(path, "\3\0\0\0\0\0\0\0{}", 10);
    expect_failure(path, "truncated");
    write_file(path, "\0\0\0\0\0\0\0\200{}", 10);
    expect_failure(path, "9223372036854775808 bytes");
    write_file(path, "\377\377\377\377\377\377\377\377{}", 10);
    expect_failure(path, "18446744073709551615 bytes");
    write_file(path, "\1\341\365\5\0\0\0\0{}", 10); // 100,000,001
    expect_failure(path, "100000001 bytes");
    write_file(path, "PK\3\4 a PyTorch file", 19);
    expect_failure(path, "no safetensors file");
}

static void test_mutations(void **state) {
    const char *path = in_folder(state, "m.safetensors");
    write_tensors(path,
                  "{\"__metadata__\":{\"a\\u00e9\":\"b\"},\"w\":" TENSOR("F32", "[2, 2]", "[0,16]") ",\"b\":" TENSOR(
                      "I64", "[1]", "[16,24]") "}",
                  24);
    size_t length;
    unsigned char *whole = read_file(path, &length), *bytes = malloc(length);
    assert_non_null(bytes);
    uint32_t random = 4711;
    for (int round = 0; round < 2000; round++) {
        memcpy(bytes, whole, length);
        size_t n = mutate(bytes, length, &random);
        if (round % 4 && n > 8 && n < 256 + 32)
            bytes[0] = (unsigned char)(n - 8 - 24); // a length that fits lets the parser see more
        write_file(path, bytes, n);
        NetrtSafetensors file;
        NetrtError error = {{0}};
        if (netrt_safetensors_open(path, &file, &error)) {
            for (int64_t i = 0; i < file.tensor_count; i++) {
                random += (uint32_t)strlen(file.tensors[i].name);
                if (file.tensors[i].count > 0) random += file.tensors[i].data[0];
            }
            netrt_safetensors_close(&file);
        } else {
            assert_message(&error, path);
        }
        random |= 1;
    }
    free(bytes);
    free(whole);
}

// ---- Variables of a program. Memory holds w transposed with a gap, as a compiler may choose.

typedef struct Block {
    float w[3][4]; // w of shape (2, 3) lies at [column][row]
    double d[2];
    int64_t n;
    float g[6];
    float m[6];
    uint8_t flag;
} Block;

static const char *const w_aliases[] = {"tied.weight", NULL};
static const NetrtVar vars[] = {
    {"fc1.weight", w_aliases, NETRT_PARAM, NETRT_F32, 2, 0, {2, 3}, {1, 4}, offsetof(Block, w), 0},
    {"fc1.bias", NULL, NETRT_PARAM, NETRT_F64, 1, 0, {2}, {1}, offsetof(Block, d), 0},
    {"bn.num_batches_tracked", NULL, NETRT_BUFFER, NETRT_I64, 0, 0, {0}, {0}, offsetof(Block, n), 0},
    {"fc1.weight", NULL, NETRT_GRADIENT, NETRT_F32, 2, 0, {2, 3}, {3, 1}, offsetof(Block, g), 0},
    {"fc1.weight/velocity", NULL, NETRT_STATE, NETRT_F32, 2, 0, {2, 3}, {3, 1}, offsetof(Block, m), 0},
    {"mask", NULL, NETRT_BUFFER, NETRT_BOOL, 1, 0, {1}, {1}, offsetof(Block, flag), 0},
};
static const NetrtProgram program = {
    .name = "mnist", .source = "mnist.net", .vars = vars, .var_count = sizeof vars / sizeof *vars, .vars_bytes = sizeof(Block)};
enum { WEIGHTS = 1 << NETRT_PARAM | 1 << NETRT_BUFFER, GRADIENTS = 1 << NETRT_GRADIENT, STATES = 1 << NETRT_STATE };

static Block filled(void) {
    Block block = {.d = {0.1, -1e300}, .n = 5000000000, .flag = 1};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            block.w[j][i] = (float)(10 * i + j);
            block.g[3 * i + j] = (float)(100 + 10 * i + j);
            block.m[3 * i + j] = (float)(200 + 10 * i + j);
        }
    }
    return block;
}

static void test_save_and_load(void **state) {
    const char *path = in_folder(state, "w.safetensors");
    const NetrtMeta metadata[] = {{"netc", "a \"quote\" and \\ and\ttab"}};
    Block block = filled(), other = {0};
    NetrtError error;
    if (!netrt_vars_save(&program, (const char *)&block, WEIGHTS, path, metadata, 1, &error)) fail_msg("%s", error.message);
    NetrtSafetensors file;
    if (!netrt_safetensors_open(path, &file, &error)) fail_msg("%s", error.message);
    assert_int_equal(file.tensor_count, 5); // w twice
    assert_string_equal(netrt_safetensors_meta(&file, "netc"), metadata[0].value);
    const NetrtTensor *tied = netrt_safetensors_find(&file, "tied.weight");
    assert_non_null(tied);
    assert_int_equal((uintptr_t)(tied->data - (const unsigned char *)file.map) % 4, 0);
    float row_major[6];
    memcpy(row_major, tied->data, sizeof row_major);
    for (int i = 0; i < 6; i++) assert_true(row_major[i] == (float)(10 * (i / 3) + i % 3));
    netrt_safetensors_close(&file);
    if (!netrt_vars_load(&program, (char *)&other, WEIGHTS, path, &error)) fail_msg("%s", error.message);
    assert_memory_equal(other.w, block.w, sizeof block.w);
    assert_memory_equal(other.d, block.d, sizeof block.d);
    assert_true(other.n == block.n);
    assert_int_equal(other.flag, 1);
    assert_true(other.g[5] == 0 && other.m[5] == 0);
    // With states, and read back without them: those are known names, not unexpected ones.
    assert_true(netrt_vars_save(&program, (const char *)&block, WEIGHTS | STATES, path, NULL, 0, &error));
    assert_true(netrt_vars_load(&program, (char *)&other, WEIGHTS | STATES, path, &error));
    assert_memory_equal(other.m, block.m, sizeof block.m);
    assert_true(netrt_vars_load(&program, (char *)&other, WEIGHTS, path, &error));
    assert_true(netrt_vars_save(&program, (const char *)&block, GRADIENTS, path, NULL, 0, &error));
    assert_true(netrt_safetensors_open(path, &file, &error));
    assert_int_equal(file.tensor_count, 1);
    assert_string_equal(file.tensors[0].name, "fc1.weight");
    memcpy(row_major, file.tensors[0].data, sizeof row_major);
    assert_memory_equal(row_major, block.g, sizeof row_major);
    netrt_safetensors_close(&file);
}

// A file that PyTorch saved (expected/torch_safetensors.py) loads.
static void test_from_pytorch(void **state) {
    static const unsigned char bytes[] = {
#include "expected/torch_safetensors.inc"
    };
    const char *path = in_folder(state, "torch.safetensors");
    write_file(path, bytes, sizeof bytes);
    Block block = {0};
    NetrtError error;
    if (!netrt_vars_load(&program, (char *)&block, WEIGHTS, path, &error)) fail_msg("%s", error.message);
    for (int i = 0; i < 6; i++) assert_true(block.w[i % 3][i / 3] == (float)i / 4);
    assert_true(block.d[0] == 0.1 && block.d[1] == -1e300 && block.n == 5000000000 && block.flag == 1);
    NetrtSafetensors file;
    assert_true(netrt_safetensors_open(path, &file, &error));
    assert_string_equal(netrt_safetensors_meta(&file, "who"), "J\xc3\xbcrgen \"x\"");
    netrt_safetensors_close(&file);
}

// What other programs save: other widths, halves, an alias instead of the name.
static void test_conversions(void **state) {
    const char *path = in_folder(state, "c.safetensors");
    static const double w[6] = {1, 2, 3, 4, 5, 0.1};
    static const float bias[2] = {0.5f, -3};
    static const uint8_t mask = 1;
    static const int64_t w_shape[] = {2, 3}, bias_shape[] = {2}, mask_shape[] = {1};
    static const uint8_t tracked = 250;
    const NetrtTensorView views[] = {{"tied.weight", NETRT_F64, 2, w_shape, NULL, w},
                                     {"fc1.bias", NETRT_F32, 1, bias_shape, NULL, bias},
                                     {"bn.num_batches_tracked", NETRT_U8, 0, NULL, NULL, &tracked},
                                     {"mask", NETRT_BOOL, 1, mask_shape, NULL, &mask}};
    Block block = {0};
    NetrtError error;
    assert_true(netrt_safetensors_write(path, views, 4, NULL, 0, &error));
    if (!netrt_vars_load(&program, (char *)&block, WEIGHTS, path, &error)) fail_msg("%s", error.message);
    assert_true(block.w[2][1] == 0.1f && block.w[0][1] == 4 && block.d[1] == -3 && block.n == 250);

    static const NetrtVar halves[] = {{"h", NULL, NETRT_PARAM, NETRT_F64, 1, 0, {6}, {1}, 0, 0},
                                      {"b", NULL, NETRT_PARAM, NETRT_F32, 1, 0, {2}, {1}, 48, 0}};
    static const NetrtProgram half_program = {.name = "h", .source = "h.net", .vars = halves, .var_count = 2};
    static const uint16_t h[6] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x8000}, b[2] = {0x3f80, 0xc049};
    static const double expected[6] = {1, -2, 0x1p-24, 65504, -INFINITY, -0.0};
    unsigned char bytes[256] = {0}, values[56];
    static const char header[] = "{\"h\":" TENSOR("F16", "[6]", "[0,12]") ",\"b\":" TENSOR("BF16", "[2]", "[12,16]") "}";
    bytes[0] = sizeof header - 1;
    memcpy(bytes + 8, header, sizeof header - 1);
    memcpy(bytes + 8 + sizeof header - 1, h, sizeof h);
    memcpy(bytes + 8 + sizeof header - 1 + sizeof h, b, sizeof b);
    write_file(path, bytes, 8 + sizeof header - 1 + 16);
    if (!netrt_vars_load(&half_program, (char *)values, WEIGHTS, path, &error)) fail_msg("%s", error.message);
    assert_memory_equal(values, expected, sizeof expected);
    assert_memory_equal(values + 48, ((const float[]){1, -3.140625f}), 8);
}

static void expect_misfit(const char *path, const NetrtTensorView *views, int64_t count, const char *const *parts) {
    NetrtError error = {{0}};
    assert_true(netrt_safetensors_write(path, views, count, NULL, 0, &error));
    Block block = filled(), before = block;
    assert_false(netrt_vars_load(&program, (char *)&block, WEIGHTS, path, &error));
    for (; *parts; parts++) assert_message(&error, *parts);
    assert_memory_equal(&block, &before, sizeof block); // nothing was written
}

// What one meets rarely: empty tensors, names that come twice in a program, types that do not convert, names too long to list.
static void test_corners(void **state) {
    const char *path = in_folder(state, "corners.safetensors");
    NetrtError error = {{0}};
    NetrtSafetensors file = {0};
    netrt_safetensors_close(&file);
    static const char *const same[] = {"a", "b", NULL};
    static const NetrtVar twice[] = {
        {.name = "a", .aliases = same, .kind = NETRT_PARAM, .dtype = NETRT_F32, .rank = 1, .shape = {2}, .stride = {1}},
        {.name = "b", .kind = NETRT_PARAM, .dtype = NETRT_F32, .rank = 1, .shape = {2}, .stride = {1}, .offset = 64},
        {.name = "empty", .kind = NETRT_PARAM, .dtype = NETRT_I64, .rank = 2, .shape = {0, 3}, .stride = {3, 1}, .offset = 128},
    };
    NetrtProgram three = {.name = "p", .source = "p.net", .vars = twice, .var_count = 3};
    float block[64] = {1, 2};
    assert_true(netrt_vars_save(&three, (char *)block, 1u << NETRT_PARAM, path, NULL, 0, &error));
    assert_true(netrt_safetensors_open(path, &file, &error));
    assert_int_equal(file.tensor_count, 3);
    netrt_safetensors_close(&file);
    assert_true(netrt_vars_load(&three, (char *)block, 1u << NETRT_PARAM, path, &error));

    static const struct {
        const char *from;
        int32_t to;
    } refused[] = {{"BOOL", NETRT_I64}, {"F32", NETRT_I64}, {"I32", NETRT_F32}, {"I8", NETRT_BOOL}, {"BOOL", NETRT_F64}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        NetrtVar var = {.name = "x", .kind = NETRT_PARAM, .dtype = refused[i].to};
        NetrtProgram one = {.name = "p", .source = "p.net", .vars = &var, .var_count = 1};
        char header[100];
        size_t bytes = strchr("38", refused[i].from[1]) ? (size_t)(refused[i].from[1] == '8' ? 1 : 4) : 1;
        snprintf(header, sizeof header, "{\"x\":{\"dtype\":\"%s\",\"shape\":[],\"data_offsets\":[0,%zu]}}", refused[i].from,
                 bytes);
        write_tensors(path, header, bytes);
        assert_false(netrt_vars_load(&one, (char *)block, 1u << NETRT_PARAM, path, &error));
        assert_message(&error, "has elements of type");
    }

    char first[400], second[8] = "second";
    memset(first, 'f', sizeof first - 1);
    first[sizeof first - 1] = 0;
    NetrtVar missing[] = {{.name = first, .kind = NETRT_PARAM, .dtype = NETRT_F32},
                          {.name = second, .kind = NETRT_PARAM, .dtype = NETRT_F32}};
    NetrtProgram two = {.name = "p", .source = "p.net", .vars = missing, .var_count = 2};
    write_tensors(path, "{}", 0);
    assert_false(netrt_vars_load(&two, (char *)block, 1u << NETRT_PARAM, path, &error));
    assert_message(&error, "missing: 2 tensors");
    write_tensors(path, "{\"more\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1);
    two.var_count = 0;
    assert_false(netrt_vars_load(&two, (char *)block, 1u << NETRT_PARAM, path, &error));
    assert_message(&error, "unexpected: more");
}

static void test_misfits(void **state) {
    const char *path = in_folder(state, "x.safetensors");
    static const float data[64];
    static const int64_t right[] = {2, 3}, wrong[] = {3, 2}, bias[] = {2}, one[] = {1};
    const NetrtTensorView shape[] = {{"fc1.weight", NETRT_F32, 2, wrong, NULL, data}};
    expect_misfit(
        path, shape, 1,
        (const char *const[]){"fc1.weight has the shape (3, 2) there, but (2, 3) in mnist.net", "./mnist train", NULL});
    const NetrtTensorView rank[] = {{"fc1.bias", NETRT_F32, 2, right, NULL, data}};
    expect_misfit(path, rank, 1, (const char *const[]){"fc1.bias has the shape (2, 3) there, but (2,)", NULL});
    const NetrtTensorView type[] = {{"fc1.weight", NETRT_I64, 2, right, NULL, data}};
    expect_misfit(path, type, 1, (const char *const[]){"fc1.weight has elements of type I64 there, but F32", NULL});
    const NetrtTensorView names[] = {{"0.weight", NETRT_F32, 2, right, NULL, data},
                                     {"fc1.bias", NETRT_F32, 1, bias, NULL, data},
                                     {"mask", NETRT_BOOL, 1, one, NULL, data}};
    expect_misfit(path, names, 3,
                  (const char *const[]){"missing: fc1.weight, bn.num_batches_tracked", "unexpected: 0.weight", NULL});
    expect_misfit(path, NULL, 0, (const char *const[]){"missing: fc1.weight, fc1.bias, bn.num_batches_tracked, mask", NULL});
    // Many names are counted.
    char many[100][32];
    NetrtTensorView views[100];
    for (int i = 0; i < 100; i++) {
        snprintf(many[i], sizeof many[i], "a.rather.long.name.%d", i);
        views[i] = (NetrtTensorView){many[i], NETRT_F32, 1, bias, NULL, data};
    }
    expect_misfit(path, views, 100, (const char *const[]){"a.rather.long.name.0", " more", "./mnist train", NULL});
}

static void test_unwritable(void **state) {
    Block block = filled();
    NetrtError error = {{0}};
    assert_false(netrt_vars_save(&program, (const char *)&block, WEIGHTS, in_folder(state, "no/such/folder"), NULL, 0, &error));
    assert_message(&error, "cannot be written: No such file");
    assert_false(netrt_vars_save(&program, (const char *)&block, WEIGHTS, ((Folder *)*state)->path, NULL, 0, &error));
    assert_message(&error, "is a folder");
    if (access("/dev/full", W_OK) == 0) {
        assert_false(netrt_vars_save(&program, (const char *)&block, WEIGHTS, "/dev/full", NULL, 0, &error));
        assert_message(&error, "No space left");
    }
}

// ---- Files that are replaced as a whole

static void expect_content(const char *path, const char *text) {
    size_t n;
    unsigned char *bytes = read_file(path, &n);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(bytes, text, n);
    free(bytes);
}

static void test_atomic_file(void **state) {
    const char *path = in_folder(state, "file"), *link = in_folder(state, "link");
    NetrtAtomicFile file;
    NetrtError error;
    write_file(path, "old", 3);
    assert_int_equal(chmod(path, 0640), 0);
    assert_true(netrt_atomic_open(&file, path, &error));
    fputs("new", file.stream);
    fflush(file.stream);
    expect_content(path, "old");
    netrt_atomic_abort(&file);
    expect_content(path, "old");
    assert_int_equal(symlink("file", link), 0);
    assert_true(netrt_atomic_open(&file, link, &error));
    fputs("new", file.stream);
    assert_true(netrt_atomic_commit(&file, &error));
    expect_content(path, "new");
    struct stat status;
    assert_int_equal(lstat(link, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    netrt_atomic_abort(&file); // nothing left to do
    // No temporary file stays behind.
    char command[128];
    snprintf(command, sizeof command, "test $(ls '%s' | wc -l) = 2", ((Folder *)*state)->path);
    assert_int_equal(system(command), 0);
}

// A disk that is full in the middle of writing (a limit on the size of files looks the same) leaves the old file.
static void test_full_disk(void **state) {
    const char *path = in_folder(state, "w.safetensors");
    Block block = filled();
    NetrtError error;
    write_file(path, "old", 3);
    struct rlimit old, low;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    low = old;
    low.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    bool saved = netrt_vars_save(&program, (const char *)&block, WEIGHTS, path, NULL, 0, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(saved);
    assert_message(&error, "cannot be written");
    assert_message(&error, "the old file is as it was");
    expect_content(path, "old");
    char command[128];
    snprintf(command, sizeof command, "test $(ls '%s' | wc -l) = 1", ((Folder *)*state)->path);
    assert_int_equal(system(command), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken_headers, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_broken_lengths, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_mutations, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_save_and_load, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_from_pytorch, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_conversions, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_corners, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_misfits, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_unwritable, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_full_disk, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_atomic_file, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
