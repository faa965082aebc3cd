// `predict`: what the trained model makes of given inputs. A line for each; on a terminal the picture and the probabilities are
// drawn under it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program/evaluate.h"
#include "program/samples.h"
#include "report/draw_png.h"
#include "report/json.h"
#include "report/text.h"

#define MOST_DETAILED 16 // samples of one file whose other classes are listed, too
#define MOST_CLASSES 10  // and how many of them
#define MOST_BARS 16     // classes that a chart shows in their own order; of more it shows the most probable

typedef struct Predictor {
    const NetrtContext *context;
    NetrtSession *session;
    const NetrtOutput *output; // probabilities if the program has them, else the model's output
    bool probabilities;
    int64_t width; // its elements for one sample
    NetrtTerminal terminal;
    NetrtBorders *borders;
} Predictor;

typedef struct Sample {   // one prediction
    char name[256];       // "test:17", "own.npy[3]"
    const double *values; // [width]
    int64_t target;       // −1: not known
    int64_t row;          // of the engine's inputs
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

// "test:17 (a 7): 7"
static void name_best(const Predictor *predictor, const Sample *sample, char *line, size_t size) {
    char text[32];
    int64_t class = next_best(sample->values, predictor->width, -1);
    size_t used = (size_t)snprintf(line, size, "%s", sample->name);
    if (sample->target >= 0)
        used += (size_t)snprintf(line + used, size - used, " (a %s)", class_name(predictor, sample->target, text));
    if (used < size) snprintf(line + used, size - used, ": %s", class_name(predictor, class, text));
}

// "test:17 (a 7): 7   99.99 %"
static void print_best(const Predictor *predictor, const Sample *sample) {
    char line[1024];
    name_best(predictor, sample, line, sizeof line);
    fputs(line, stdout);
    put_value(predictor, sample->values[next_best(sample->values, predictor->width, -1)]);
    putchar('\n');
}

static void print_class(const Predictor *predictor, const Sample *sample) {
    char text[32];
    int64_t class = next_best(sample->values, predictor->width, -1);
    int width = 0;
    for (int64_t c = 0; c < predictor->width && predictor->width <= 1000; c++) {
        int w = netrt_text_width(class_name(predictor, c, text));
        width = w > width ? w : width;
    }
    print_best(predictor, sample);
    for (int64_t i = 1; sample->detailed && i < predictor->width && i <= MOST_CLASSES; i++) {
        class = next_best(sample->values, predictor->width, class);
        const char *name = class_name(predictor, class, text);
        printf("    %s%*s", name, width - netrt_text_width(name), "");
        put_value(predictor, sample->values[class]);
        putchar('\n');
    }
}

// ---- The drawing

// All classes in their order if there are few, else the most probable ones; the true one in any case.
static void choose_bars(const Predictor *predictor, const Sample *sample, NetrtChart *chart, NetrtBar *bars, char texts[][32]) {
    int64_t best = next_best(sample->values, predictor->width, -1), class = best;
    bool all = predictor->width <= MOST_BARS, has_truth = false;
    int count = all ? (int)predictor->width : MOST_CLASSES;
    for (int i = 0; i < count || (i == count && sample->target >= 0 && !has_truth); i++) {
        if (all) class = i;
        else if (i == count) class = sample->target;
        else if (i > 0) class = next_best(sample->values, predictor->width, class);
        has_truth = has_truth || class == sample->target;
        bars[i] = (NetrtBar){.name = class_name(predictor, class, texts[i]),
                             .share = sample->values[class],
                             .predicted = class == best,
                             .truth = class == sample->target};
        chart->count = i + 1;
    }
    chart->bars = bars;
    chart->more = predictor->width - chart->count;
}

// On the terminal, or to the file of --png.
static bool draw(const Predictor *predictor, const NetrtSamples *samples, const Sample *sample, const char *png,
                 NetrtError *error) {
    char texts[MOST_BARS + 1][32];
    NetrtBar bars[MOST_BARS + 1];
    NetrtChart chart;
    NetrtPicture picture = {0};
    choose_bars(predictor, sample, &chart, bars, texts);
    if (samples->pictures && !netrt_samples_picture(predictor->context, samples, sample->row, &picture, error)) return false;
    const NetrtPicture *shown = samples->pictures ? &picture : NULL;
    bool ok;
    if (png) {
        char title[1024];
        name_best(predictor, sample, title, sizeof title);
        ok = netrt_draw_png(png, title, shown, &chart, error);
        if (ok) fprintf(stderr, "saved %s\n", png);
    } else {
        print_best(predictor, sample);
        putchar('\n');
        ok = netrt_draw(stdout, &predictor->terminal, shown, &chart, error);
        putchar('\n');
    }
    netrt_picture_close(&picture);
    return ok;
}

// ---- Numbers

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

static bool print(const Predictor *predictor, const NetrtSamples *samples, const Sample *sample, NetrtError *error) {
    bool classes = predictor->context->program->class_target;
    const char *png = predictor->context->options.png;
    if (png && !draw(predictor, samples, sample, png, error)) return false;
    if (predictor->context->options.json) print_json(predictor, sample);
    else if (classes && predictor->probabilities && predictor->terminal.is && sample->detailed)
        return draw(predictor, samples, sample, NULL, error);
    else if (classes) print_class(predictor, sample);
    else print_numbers(predictor, sample);
    return true;
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
        Sample sample = {.values = values, .target = -1, .row = engine->index[i]};
        sample.detailed = samples->count <= MOST_DETAILED;
        if (samples->count == 1) snprintf(sample.name, sizeof sample.name, "%s", argument);
        else snprintf(sample.name, sizeof sample.name, "%.200s[%lld]", argument, number);
        if (samples->targets) sample.target = samples->targets[engine->index[i]];
        for (int64_t k = 0; k < predictor->width; k++)
            values[k] = netrt_number(data, predictor->output->dtype, i * predictor->width + k);
        if (!print(predictor, samples, &sample, error)) return false;
    }
    return true;
}

static bool predict_argument(const Predictor *predictor, const char *argument, double *values, NetrtError *error) {
    NetrtEngine *engine = &predictor->session->engine;
    const NetrtEntry *entry = &predictor->context->program->entries[NETRT_PREDICT];
    NetrtSamples samples;
    if (!netrt_samples_open(predictor->context, predictor->session, predictor->borders, argument, &samples, error))
        return false;
    if (*samples.note) {
        fflush(stdout); // in the order of the arguments where both go to one place
        fprintf(stderr, "%s\n", samples.note);
    }
    if (predictor->context->options.png && samples.count > 1) {
        netrt_fail(error, "--png draws one sample, but %s has %lld", argument, (long long)samples.count);
        netrt_samples_close(&samples);
        return false;
    }
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
    NetrtBorders borders = {0};
    Predictor predictor = {.context = context,
                           .session = session,
                           .output = netrt_entry_result(entry, "probabilities"),
                           .width = 1,
                           .terminal = netrt_terminal(STDOUT_FILENO),
                           .borders = &borders};
    predictor.probabilities = predictor.output != NULL;
    if (!predictor.output) predictor.output = netrt_entry_result(entry, "output");
    if (!predictor.output) return netrt_fail(error, "%s has no output to predict", context->program->source);
    if (predictor.output->batch_axis != 0)
        return netrt_fail(error, "the model's output does not depend on the batch: there is nothing to predict for one input");
    if (context->options.png && !predictor.probabilities)
        return netrt_fail(error, "--png draws the probabilities of classes, but %s gives none", context->program->source);
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
        netrt_fail(error, "predict needs something to look at: %s predict test:17, or a PNG, PGM, .npy or IDX file",
                   context->command);
        return NETRT_USAGE;
    }
    if (context->options.png && context->options.argument_count > 1) {
        netrt_fail(error, "--png draws one input, not %d", context->options.argument_count);
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
