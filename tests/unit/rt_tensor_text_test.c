// Tensors as text against what PyTorch printed: the committed table, or one that is named (parity/tensor_text.py makes both).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/tensor_text.h"

static const char *table_path = TEST_SOURCE_DIR "/unit/expected/tensor_text.txt";

// ---- The table

enum { MOST = 4096 };

typedef struct Case {
    NetrtTensor tensor;
    int64_t shape[NETRT_MAX_RANK];
    char bytes[MOST * 8];
    char *text; // as PyTorch prints it
} Case;

static char *line(FILE *table, char **buffer, size_t *capacity) {
    ssize_t length = getline(buffer, capacity, table);
    if (length <= 0) return NULL;
    if ((*buffer)[length - 1] == '\n') (*buffer)[length - 1] = 0;
    return *buffer;
}

static int32_t dtype_named(const char *name) {
    static const char *const names[] = {
        [NETRT_BOOL] = "bool", [NETRT_U8] = "uint8", [NETRT_I64] = "int64", [NETRT_F32] = "float32", [NETRT_F64] = "float64"};
    for (int32_t i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0) return i;
    fail_msg("no type %s", name);
    return -1;
}

static void read_head(Case *c, char *text) {
    char *rest = NULL;
    c->tensor =
        (NetrtTensor){.data = c->bytes, .dtype = dtype_named(strtok_r(text, " ", &rest)), .shape = c->shape}; // rank counts up
    for (char *size; (size = strtok_r(NULL, " ", &rest));) c->shape[c->tensor.rank++] = strtoll(size, NULL, 10);
}

static void read_elements(Case *c, char *text) {
    static const size_t sizes[] = {[NETRT_BOOL] = 1, [NETRT_U8] = 1, [NETRT_I64] = 8, [NETRT_F32] = 4, [NETRT_F64] = 8};
    size_t size = sizes[c->tensor.dtype], count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        uint64_t bits = strtoull(word, NULL, 16);
        assert_true(count < MOST);
        memcpy(c->bytes + size * count++, &bits, size); // little-endian, as all that netc compiles for
    }
}

static bool read_case(FILE *table, Case *c) {
    char *buffer = NULL;
    size_t capacity = 0;
    char *head = line(table, &buffer, &capacity);
    if (head) {
        read_head(c, head);
        read_elements(c, line(table, &buffer, &capacity));
        long lines = strtol(line(table, &buffer, &capacity), NULL, 10);
        size_t length;
        FILE *text = open_memstream(&c->text, &length);
        for (long i = 0; i < lines; i++) fprintf(text, i ? "\n%s" : "%s", line(table, &buffer, &capacity));
        fclose(text);
    }
    free(buffer);
    return head;
}

static void tensors(void **state) {
    (void)state;
    FILE *table = fopen(table_path, "r");
    assert_non_null(table);
    Case *c = calloc(1, sizeof *c);
    int count = 0;
    for (; read_case(table, c); count++) {
        char *text;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        netrt_tensor_print(out, &c->tensor);
        fclose(out);
        if (strcmp(text, c->text) != 0) fail_msg("case %d\nPyTorch: %s\nnetc:    %s", count, c->text, text);
        free(text);
        free(c->text);
    }
    free(c);
    fclose(table);
    assert_true(count >= 50);
}

// ---- Numbers

static void check_number(double value, const char *expected) {
    char text[64] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    netrt_number_print(out, &(NetrtTensor){.data = &value, .dtype = NETRT_F64});
    fclose(out);
    assert_string_equal(text, expected);
}

static void numbers(void **state) {
    (void)state;
    check_number(0, "0.0");
    check_number(-0.0, "-0.0");
    check_number(1, "1.0");
    check_number(100000, "100000.0");
    check_number(0.1, "0.1");
    check_number((double)0.3f, "0.30000001192092896");
    check_number(123456.789, "123456.789");
    check_number(1e15, "1000000000000000.0");
    check_number(9007199254740993e0, "9007199254740992.0");
    check_number(1e16, "1e+16");
    check_number(-1.25e22, "-1.25e+22");
    check_number(0.0001, "0.0001");
    check_number(0.00001, "1e-05");
    check_number(5e-324, "5e-324");
    check_number(1.0 / 0.0, "inf");
    check_number(-1.0 / 0.0, "-inf");
    check_number(0.0 / 0.0, "nan");
}

int main(int argc, char **argv) {
    if (argc > 1) table_path = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(tensors), cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
