// `predict`: what the trained model makes of given inputs.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program/evaluate.h"
#include "program/samples.h"
#include "report/json.h"
#include "report/text.h"

#define MOST_DETAILED 16 // samples of one file whose other classes are listed, too
#define MOST_CLASSES 10  // and how many of them

typedef struct Predictor {
    const NetrtContext *context;
    NetrtSession *session;
    const NetrtOutput *output; // probabilities if the program has them, else the model's output
    bool probabilities;
    int64_t width; // its elements for one sample
} Predictor;

typedef struct Sample {   // one prediction
    char name[256];       // "test:17", "own.npy[3]"
    const double *values; // [width]
    int64_t target;       // −1: not known
    bool detailed;
} Sample;

static const char *class_name(const Predictor *predictor, int64_t class, char text[32]) {
    const NetrtData *data = &predictor->context->program->data;
    if (data->classes && class < data->class_count) return data->classes[class];
    snprintf(text, 32, "%lld", (long long)class);
    return text;
}

// The largest value among those that are smaller than the one of `after` (or equal and later); −1 for the first.
static int64_t next_best(const double *values, int64_t count, int64_t after) {
    int64_t best = -1;
    for (int64_t i = 0; i < count; i++) {
        if (after >= 0 && (values[i] > values[after] || (values[i] == values[after] && i <= after))) continue;
        if (best < 0 || values[i] > values[best]) best = i;
    }
    return best < 0 ? 0 : best;
}

static void put_value(const Predictor *predictor, double value) {
    char text[32];
    if (predictor->probabilities) printf("  %8s", netrt_text_percent(text, value));
    else printf("  %.6g", value);
}

static void print_class(const Predictor *predictor, const Sample *sample) {
    char text[32];
    int64_t class = next_best(sample->values, predictor->width, -1);
    int width = 0;
    for (int64_t c = 0; c < predictor->width && predictor->width <= 1000; c++) {
        int w = netrt_text_width(class_name(predictor, c, text));
        width = w > width ? w : width;
    }
    printf("%s", sample->name);
    if (sample->target >= 0) printf(" (a %s)", class_name(predictor, sample->target, text));
    printf(": %s", class_name(predictor, class, text));
    put_value(predictor, sample->values[class]);
    putchar('\n');
    for (int64_t i = 1; sample->detailed && i < predictor->width && i <= MOST_CLASSES; i++) {
        class = next_best(sample->values, predictor->width, class);
        const char *name = class_name(predictor, class, text);
        printf("    %s%*s", name, width - netrt_text_width(name), "");
        put_value(predictor, sample->values[class]);
        putchar('\n');
    }
}

static void print_numbers(const Predictor *predictor, const Sample *sample) {
    printf("%s:", sample->name);
    for (int64_t i = 0; i < predictor->width; i++) printf(" %.6g", sample->values[i]);
    putchar('\n');
}

static void print_json(const Predictor *predictor, const Sample *sample) {
    const NetrtProgram *program = predictor->context->program;
    int64_t class = next_best(sample->values, predictor->width, -1);
    fputs("{\"input\":", stdout);
    netrt_json_string(stdout, sample->name);
    if (program->class_target) printf(",\"class\":%lld", (long long)class);
    if (program->class_target && program->data.classes && class < program->data.class_count) {
        fputs(",\"name\":", stdout);
        netrt_json_string(stdout, program->data.classes[class]);
    }
    if (sample->target >= 0) printf(",\"target\":%lld", (long long)sample->target);
    fputs(predictor->probabilities ? ",\"probabilities\":[" : ",\"output\":[", stdout);
    for (int64_t i = 0; i < predictor->width; i++) {
        if (i) putchar(',');
        netrt_json_number(stdout, sample->values[i]);
    }
    puts("]}");
}

static void print(const Predictor *predictor, const Sample *sample) {
    if (predictor->context->options.json) print_json(predictor, sample);
    else if (predictor->context->program->class_target) print_class(predictor, sample);
    else print_numbers(predictor, sample);
}

// Predicts samples first … first + N − 1 of what the argument names.
static bool predict_batch(const Predictor *predictor, const char *argument, const NetrtSamples *samples, int64_t first,
                          int64_t N, double *values, NetrtError *error) {
    NetrtEngine *engine = &predictor->session->engine;
    netrt_engine_consecutive(engine, samples->first + first, N);
    if (!netrt_engine_run(engine, NETRT_PREDICT, N, error)) return false;
    const void *data = netrt_engine_output(engine, predictor->output);
    for (int64_t i = 0; i < N; i++) {
        long long number = first + i;
        Sample sample = {.values = values, .target = -1, .detailed = samples->count <= MOST_DETAILED};
        if (samples->count == 1) snprintf(sample.name, sizeof sample.name, "%s", argument);
        else snprintf(sample.name, sizeof sample.name, "%.200s[%lld]", argument, number);
        if (samples->targets) sample.target = samples->targets[engine->index[i]];
        for (int64_t k = 0; k < predictor->width; k++)
            values[k] = netrt_number(data, predictor->output->dtype, i * predictor->width + k);
        print(predictor, &sample);
    }
    return true;
}

static bool predict_argument(const Predictor *predictor, const char *argument, double *values, NetrtError *error) {
    NetrtEngine *engine = &predictor->session->engine;
    const NetrtEntry *entry = &predictor->context->program->entries[NETRT_PREDICT];
    NetrtSamples samples;
    if (!netrt_samples_open(predictor->context, predictor->session, argument, &samples, error)) return false;
    int64_t batch = predictor->context->options.batch_size;
    if (batch == 0) batch = netrt_evaluation_batch(entry, samples.count);
    if (batch > samples.count) batch = samples.count;
    bool ok = netrt_engine_reserve(engine, NETRT_PREDICT, batch, error);
    memcpy(engine->inputs, samples.inputs, sizeof engine->inputs);
    for (int64_t first = 0; ok && first < samples.count; first += batch) {
        int64_t N = samples.count - first < batch ? samples.count - first : batch;
        ok = predict_batch(predictor, argument, &samples, first, N, values, error);
    }
    netrt_samples_close(&samples);
    return ok;
}

static bool run(const NetrtContext *context, NetrtSession *session, NetrtError *error) {
    const NetrtEntry *entry = &context->program->entries[NETRT_PREDICT];
    Predictor predictor = {
        .context = context, .session = session, .output = netrt_entry_result(entry, "probabilities"), .width = 1};
    predictor.probabilities = predictor.output != NULL;
    if (!predictor.output) predictor.output = netrt_entry_result(entry, "output");
    if (!predictor.output) return netrt_fail(error, "%s has no output to predict", context->program->source);
    if (predictor.output->batch_axis != 0)
        return netrt_fail(error, "the model's output does not depend on the batch: there is nothing to predict for one input");
    for (int a = 0; a < predictor.output->rank; a++) predictor.width *= predictor.output->shape[a];
    double *values = malloc((size_t)predictor.width * sizeof *values);
    bool ok = values || netrt_fail(error, "not enough memory for %lld classes", (long long)predictor.width);
    for (int i = 0; ok && i < context->options.argument_count; i++)
        ok = predict_argument(&predictor, context->options.arguments[i], values, error);
    free(values);
    return ok;
}

int netrt_command_predict(const NetrtContext *context, NetrtError *error) {
    unsigned splits = 0;
    NetrtSession session;
    if (context->options.argument_count == 0) {
        netrt_fail(error, "predict needs something to look at: %s predict test:17, or a PGM, .npy or IDX file",
                   context->command);
        return NETRT_USAGE;
    }
    for (int i = 0; i < context->options.argument_count; i++) {
        int split = netrt_samples_split(context->options.arguments[i]);
        if (split >= 0) splits |= 1u << split;
    }
    if (!netrt_require_entry(context, NETRT_PREDICT, error)) return NETRT_FAILED;
    if (!netrt_session_open(context, NETRT_START_TRAINED, splits, &session, error)) return NETRT_FAILED;
    bool ok = run(context, &session, error);
    netrt_session_close(&session);
    return ok ? NETRT_DONE : NETRT_FAILED;
}
