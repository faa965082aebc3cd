// `test`: how good the trained model is on the test set, in total, by class, and what it takes for what.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "program/evaluate.h"
#include "report/json.h"
#include "report/text.h"

#define MOST_CONFUSED 26 // classes that a confusion matrix is still readable with

static void class_name(const NetrtData *data, int64_t class, char text[64]) {
    if (data->classes) snprintf(text, 64, "%s", data->classes[class]);
    else snprintf(text, 64, "%lld", (long long)class);
}

static void percent_of(char text[32], int64_t part, int64_t whole) {
    if (whole) netrt_text_percent(text, (double)part / (double)whole);
    else snprintf(text, 32, "–");
}

static void print_classes(const NetrtData *data, const int64_t *confusion) {
    int64_t classes = data->class_count;
    NetrtTable table = {.align = "lrrrr", .columns = 5};
    netrt_table_row(&table, (const char *[]){"class", "samples", "correct", "recall", "precision"});
    netrt_table_rule(&table);
    for (int64_t c = 0; c < classes; c++) {
        int64_t samples = 0, guesses = 0, correct = confusion[c * classes + c];
        for (int64_t i = 0; i < classes; i++) {
            samples += confusion[c * classes + i];
            guesses += confusion[i * classes + c];
        }
        char name[64], all[32], right[32], recall[32], precision[32];
        class_name(data, c, name);
        percent_of(recall, correct, samples);
        percent_of(precision, correct, guesses);
        netrt_table_row(&table, (const char *[]){name, netrt_text_count(all, samples), netrt_text_count(right, correct), recall,
                                                 precision});
    }
    netrt_table_print(&table, stdout);
    netrt_table_free(&table);
}

// Its own columns, for there may be more than a NetrtTable has.
static void print_confusion(const NetrtData *data, const int64_t *confusion) {
    int64_t classes = data->class_count;
    char text[64];
    int label = 4, cell = 1;
    for (int64_t c = 0; c < classes; c++) {
        class_name(data, c, text);
        if (netrt_text_width(text) > label) label = netrt_text_width(text);
    }
    for (int64_t i = 0; i < classes * classes; i++) {
        snprintf(text, sizeof text, "%lld", (long long)confusion[i]);
        if (netrt_text_width(text) > cell) cell = netrt_text_width(text);
    }
    if (cell < 3) cell = 3;
    printf("\nconfusion matrix: a row for each true class, a column for each predicted one\n\n%*s", label, "");
    for (int64_t c = 0; c < classes; c++) {
        class_name(data, c, text);
        text[cell] = 0; // long names are cut: the rows have them whole
        printf("  %*s", cell, text);
    }
    for (int64_t r = 0; r < classes; r++) {
        class_name(data, r, text);
        printf("\n%s%*s", text, label - netrt_text_width(text), "");
        for (int64_t c = 0; c < classes; c++) printf("  %*lld", cell, (long long)confusion[r * classes + c]);
    }
    putchar('\n');
}

static void print_text(const NetrtProgram *program, const NetrtEvaluation *result, const int64_t *confusion) {
    char percent[32], correct[32], count[32];
    netrt_text_count(count, result->count);
    if (isnan(result->accuracy)) {
        printf("test loss %.6f  (%s samples)\n", result->loss, count);
        return;
    }
    printf("test loss %.6f  accuracy %s  (%s of %s)\n", result->loss, netrt_text_percent(percent, result->accuracy),
           netrt_text_count(correct, result->correct), count);
    if (!confusion) return;
    putchar('\n');
    print_classes(&program->data, confusion);
    if (program->data.class_count <= MOST_CONFUSED) print_confusion(&program->data, confusion);
}

static void print_json(const NetrtEvaluation *result) {
    fputs("{\"loss\":", stdout);
    netrt_json_number(stdout, result->loss);
    if (!isnan(result->accuracy)) {
        fputs(",\"accuracy\":", stdout);
        netrt_json_number(stdout, result->accuracy);
    }
    printf(",\"count\":%lld}\n", (long long)result->count);
}

static bool run(const NetrtContext *context, NetrtSession *session, NetrtError *error) {
    const NetrtProgram *program = context->program;
    const NetrtSplit *split = &session->data.splits[NETRT_SPLIT_TEST];
    if (split->count == 0) return netrt_fail(error, "%s has no test samples", program->data.name);
    int64_t classes = program->data.class_count, *confusion = NULL;
    bool counts = program->class_target && classes > 0 && netrt_entry_result(&program->entries[NETRT_EVALUATE], "predicted");
    if (counts) confusion = calloc((size_t)(classes * classes), sizeof *confusion);
    NetrtEvaluation result;
    bool ok = netrt_evaluate(session, split, context->options.batch_size, confusion, &result, error);
    if (ok && context->options.json) print_json(&result);
    else if (ok) print_text(program, &result, confusion);
    free(confusion);
    return ok;
}

int netrt_command_test(const NetrtContext *context, NetrtError *error) {
    NetrtSession session;
    if (!netrt_require_entry(context, NETRT_EVALUATE, error)) return NETRT_FAILED;
    if (!netrt_session_open(context, NETRT_START_TRAINED, 1u << NETRT_SPLIT_TEST, &session, error)) return NETRT_FAILED;
    bool ok = run(context, &session, error);
    netrt_session_close(&session);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
