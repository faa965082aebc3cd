// Every row of the simplifier's tables: its `before` becomes its `after` and computes the same.
#include "simplify_reader.h"

static void every_row_does_what_it_says(void **state) {
    (void)state;
    for (size_t i = 0; i < rewrite_count(); i++) {
        const Rewrite *row = rewrite_row(i);
        uint32_t *fired = calloc(rewrite_count(), sizeof *fired);
        assert_non_null(fired);
        assert_becomes(row->name, row->before, row->after, fired);
        if (fired[i] == 0) fail_msg("%s: did not apply to %s", row->name, row->before);
        free(fired);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_does_what_it_says)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
