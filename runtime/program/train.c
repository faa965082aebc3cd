// `train`: epochs, what is said about them, and the file at the end.
#include <math.h>
#include <stdio.h>

#include "program/evaluate.h"
#include "program/finite.h"
#include "program/interrupt.h"
#include "program/save.h"
#include "program/train_log.h"
#include "program/trainer.h"
#include "program/watch.h"
#include "report/json.h"
#include "report/progress.h"
#include "report/text.h"

typedef struct Run {
    const NetrtContext *context;
    NetrtSession *session;
    NetrtTrainer trainer;
    NetrtWatch watch; // with --check-finite
    NetrtTrainLog log;
    NetrtProgress progress;
    NetrtEvaluation validation, test; // count 0: not made
    int64_t epochs, epochs_done;
    double epoch_begin;
    double best_validation;
    int64_t epochs_without_gain;
    double accuracy;    // the last one on the test set, for the file
    bool warned;        // of a loss that is no number
    bool wrong_at_once; // it was none at the first step
    bool interrupted;
} Run;

static void show_progress(Run *run, double now) {
    char rate[32], accuracy[48] = "", percent[32];
    const NetrtTrainer *trainer = &run->trainer;
    netrt_text_count(rate, (int64_t)((double)trainer->seen / (now - run->epoch_begin)));
    if (trainer->correct_metric)
        snprintf(accuracy, sizeof accuracy, "  accuracy %s", netrt_text_percent(percent, netrt_trainer_accuracy(trainer)));
    netrt_progress_show(&run->progress, now, "epoch %lld/%lld  %3.0f %%  loss %.4f%s  %s samples/s",
                        (long long)run->epochs_done + 1, (long long)run->epochs,
                        100.0 * (double)trainer->seen / (double)trainer->split->count, netrt_trainer_loss(trainer), accuracy,
                        rate);
}

enum { ADVICE = 96 };

// What is no number at the first step is not the rate's fault.
static void advise(const Run *run, char advice[ADVICE]) {
    if (run->wrong_at_once) snprintf(advice, ADVICE, "look for NaN in the data, and for log(0) and the like in the network");
    else snprintf(advice, ADVICE, "try a smaller --lr than %g", run->session->engine.scalars[NETRT_LR].f);
}

static void warn_of_loss(Run *run) {
    const NetrtTrainer *trainer = &run->trainer;
    if (run->warned || isfinite(trainer->loss)) return;
    run->warned = true;
    run->wrong_at_once = trainer->steps <= 1;
    char advice[ADVICE];
    advise(run, advice);
    netrt_progress_warn(&run->progress, "%s: the loss became %s at step %lld (epoch %lld): %s", run->context->name,
                        isnan(trainer->loss) ? "NaN" : "infinite", (long long)trainer->steps, (long long)run->epochs_done + 1,
                        advice);
}

// Parameters that are no numbers never become any again: training stops, and a good file is not replaced by them.
static bool check_parameters(const Run *run, NetrtError *error) {
    const NetrtEngine *engine = &run->session->engine;
    const NetrtVar *var = netrt_not_finite(engine->program, engine->vars, 1u << NETRT_PARAM);
    if (!var) return true;
    char advice[ADVICE];
    advise(run, advice);
    return netrt_fail(error,
                      "%.200s holds NaN or Inf after step %lld, so nothing was saved: %s; --check-finite says where it begins",
                      var->name, (long long)run->trainer.steps, advice);
}

// --check-finite: whether loss, gradients, parameters and states are numbers after a step; if not, where it began.
static bool check_finite(Run *run, NetrtError *error) {
    const NetrtEngine *engine = &run->session->engine;
    const unsigned kinds = 1u << NETRT_PARAM | 1u << NETRT_STATE | 1u << NETRT_GRADIENT;
    if (!engine->watch) return true;
    const NetrtVar *var = netrt_not_finite(engine->program, engine->vars, kinds);
    if (isfinite(run->trainer.loss) && !var) {
        netrt_watch_good(engine->watch);
        return true;
    }
    char advice[64] = ""; // what is no number at the first step is not the rate's fault
    if (run->trainer.steps > 1) snprintf(advice, sizeof advice, "; try a smaller --lr than %g", engine->scalars[NETRT_LR].f);
    const char *what = "NaN or Inf";
    const NetrtStep *first = netrt_watch_first(engine->watch, &what);
    return netrt_fail(error,
                      "step %lld (epoch %lld) gave %s, first in '%.200s' (%.200s) or what is computed along with it (netc -O0 "
                      "makes a program that keeps them apart); nothing was saved%s",
                      (long long)run->trainer.steps, (long long)run->epochs_done + 1, what,
                      first ? first->name
                      : var ? var->name
                            : "loss",
                      first ? first->lines : engine->program->source, advice);
}

static void report_step(Run *run) {
    const NetrtTrainer *trainer = &run->trainer;
    const NetrtOptions *options = &run->context->options;
    warn_of_loss(run);
    if (options->log_every && trainer->steps % options->log_every == 0) {
        if (options->json) {
            printf("{\"step\":%lld,\"loss\":", (long long)trainer->steps);
            netrt_json_number(stdout, trainer->loss);
            puts("}");
        } else {
            netrt_progress_line(&run->progress, "step %lld  loss %.6f", (long long)trainer->steps, trainer->loss);
        }
        netrt_train_log_step(&run->log, trainer->steps, run->epochs_done + 1, trainer->loss);
    }
    double now = netrt_now();
    if (netrt_progress_due(&run->progress, now)) {
        show_progress(run, now);
        fflush(stdout);
    }
}

static bool evaluate(Run *run, int split, NetrtEvaluation *out, NetrtError *error) {
    const NetrtSplit *samples = &run->session->data.splits[split];
    *out = (NetrtEvaluation){0};
    if (samples->count == 0 || !run->context->program->entries[NETRT_EVALUATE].steps) return true;
    if (!netrt_evaluate(run->session, samples, 0, NULL, out, error)) return false;
    if (out->interrupted) {
        run->interrupted = true;
        out->count = 0;
    }
    return true;
}

static void put_json(const char *name, double value) {
    printf(",\"%s\":", name);
    netrt_json_number(stdout, value);
}

static void put_json_epoch(const Run *run, double seconds, double rate) {
    printf("{\"epoch\":%lld", (long long)run->epochs_done);
    put_json("train_loss", netrt_trainer_loss(&run->trainer));
    if (run->trainer.correct_metric) put_json("train_accuracy", netrt_trainer_accuracy(&run->trainer));
    if (run->validation.count) put_json("validation_loss", run->validation.loss);
    if (run->validation.count && !isnan(run->validation.accuracy)) put_json("validation_accuracy", run->validation.accuracy);
    if (run->test.count) put_json("test_loss", run->test.loss);
    if (run->test.count && !isnan(run->test.accuracy)) put_json("test_accuracy", run->test.accuracy);
    put_json("seconds", seconds);
    put_json("samples_per_second", rate);
    puts("}");
    fflush(stdout);
}

// "  test loss 0.0712  accuracy 97.86 %"
static void describe(char text[96], const char *what, const NetrtEvaluation *evaluation) {
    char percent[32];
    text[0] = 0;
    if (evaluation->count == 0) return;
    int length = snprintf(text, 96, "  %s loss %.4f", what, evaluation->loss);
    if (!isnan(evaluation->accuracy))
        snprintf(text + length, 96 - (size_t)length, "  accuracy %s", netrt_text_percent(percent, evaluation->accuracy));
}

static void report_epoch(Run *run, double train_seconds) {
    char validation[96], test[96], seconds[32], rate[32];
    double per_second = (double)run->trainer.seen / train_seconds;
    netrt_train_log_epoch(&run->log, run->trainer.steps, run->epochs_done, netrt_trainer_loss(&run->trainer), &run->validation,
                          &run->test);
    if (run->context->options.json) put_json_epoch(run, netrt_now() - run->epoch_begin, per_second);
    if (run->context->options.json && !run->progress.live) return;
    describe(validation, "validation", &run->validation);
    describe(test, "test", &run->test);
    netrt_progress_line(&run->progress, "epoch %lld/%lld  loss %.4f%s%s  %s  %s samples/s", (long long)run->epochs_done,
                        (long long)run->epochs, netrt_trainer_loss(&run->trainer), validation, test,
                        netrt_text_seconds(seconds, train_seconds), netrt_text_count(rate, (int64_t)per_second));
}

// Whether the validation loss has stopped falling.
static bool out_of_patience(Run *run) {
    int64_t patience = run->context->options.patience;
    if (patience <= 0 || run->validation.count == 0) return false;
    if (run->validation.loss < run->best_validation) {
        run->best_validation = run->validation.loss;
        run->epochs_without_gain = 0;
        return false;
    }
    if (++run->epochs_without_gain < patience) return false;
    int64_t every = run->context->program->train.validate_every;
    netrt_progress_line(&run->progress, "stopped: no better validation loss than %.4f for %lld epochs", run->best_validation,
                        (long long)(every > 1 ? patience * every : patience));
    return true;
}

// One epoch, or what --steps and Ctrl-C leave of it. *more: go on with the next.
static bool run_epoch(Run *run, bool *more, NetrtError *error) {
    NetrtTrainer *trainer = &run->trainer;
    int64_t limit = run->context->options.steps, every = run->context->program->train.validate_every;
    run->epoch_begin = netrt_now();
    *more = false;
    netrt_trainer_epoch(trainer, run->epochs_done);
    for (int64_t i = 0; i < trainer->epoch_steps; i++) {
        if (!netrt_trainer_step(trainer, error)) return false;
        if (!check_finite(run, error)) return false;
        report_step(run);
        run->interrupted = netrt_interrupted();
        if (run->interrupted || trainer->steps == limit) return true;
    }
    double seconds = netrt_now() - run->epoch_begin;
    run->epochs_done++;
    bool last = run->epochs_done == run->epochs;
    run->validation = run->test = (NetrtEvaluation){0};
    if (limit == 0 && (last || every <= 1 || run->epochs_done % every == 0)) {
        if (!evaluate(run, NETRT_SPLIT_VALIDATION, &run->validation, error)) return false;
        if (!run->interrupted && !evaluate(run, NETRT_SPLIT_TEST, &run->test, error)) return false;
        if (run->test.count) run->accuracy = run->test.accuracy;
    }
    report_epoch(run, seconds);
    if (!check_parameters(run, error)) return false;
    *more = !last && !run->interrupted && !out_of_patience(run);
    return true;
}

static bool save(Run *run, const char *path, NetrtError *error) {
    const NetrtContext *context = run->context;
    if (!check_parameters(run, error)) return false;
    if (context->options.no_save) return true;
    NetrtSaved saved = {.epochs = run->epochs_done, .steps = run->trainer.steps, .accuracy = run->accuracy};
    NetrtPictureLayout layout;
    int input = netrt_picture_input(context->program, &layout);
    if (input >= 0)
        netrt_picture_borders(&run->session->data.splits[NETRT_SPLIT_TRAIN], input, &context->program->inputs[input],
                              &saved.borders);
    if (!netrt_save(context, &run->session->engine, path, &saved, error)) return false;
    netrt_progress_line(&run->progress, "%s", saved.said);
    return true;
}

static int finish(Run *run, NetrtError *error) {
    char default_path[1024], steps[32];
    const NetrtOptions *options = &run->context->options;
    const char *path = options->save ? options->save : default_path;
    netrt_default_save(run->context, default_path, sizeof default_path);
    netrt_text_count(steps, run->trainer.steps);
    if (options->steps && !run->interrupted && !options->json)
        netrt_progress_line(&run->progress, "stopped at step %s  loss %.6f", steps, run->trainer.loss);
    if (!save(run, path, error)) return NETRT_FAILED;
    if (!run->interrupted) return NETRT_DONE;
    if (options->no_save) netrt_progress_warn(&run->progress, "interrupted after %s steps; nothing was saved", steps);
    else
        netrt_progress_warn(&run->progress, "interrupted after %s steps (epoch %lld of %lld); go on with: %s train --load %s",
                            steps, (long long)(run->epochs_done < run->epochs ? run->epochs_done + 1 : run->epochs),
                            (long long)run->epochs, run->context->command, path);
    return NETRT_INTERRUPTED;
}

static int train(Run *run, NetrtError *error) {
    run->epochs = run->session->engine.scalars[NETRT_EPOCHS].i;
    run->accuracy = NAN;
    run->best_validation = INFINITY;
    netrt_progress_open(&run->progress, run->context->options.quiet);
    netrt_interrupt_watch();
    bool ok = true;
    for (bool more = true; ok && more;) ok = run_epoch(run, &more, error);
    int status = ok ? finish(run, error) : NETRT_FAILED;
    netrt_progress_close(&run->progress);
    netrt_interrupt_unwatch();
    return status;
}

static bool check(const NetrtContext *context, NetrtError *error) {
    const NetrtOptions *options = &context->options;
    char path[1024];
    netrt_default_save(context, path, sizeof path);
    if (options->patience > 0 && context->program->data.validation <= 0)
        return netrt_fail(error, "patience needs a validation loss: give the data set validation=0.1 in %s",
                          context->program->source);
    return options->no_save || netrt_save_possible(options->save ? options->save : path, error);
}

int netrt_command_train(const NetrtContext *context, NetrtError *error) {
    const NetrtOptions *options = &context->options;
    unsigned splits = 1u << NETRT_SPLIT_TRAIN;
    if (options->steps == 0) splits |= 1u << NETRT_SPLIT_VALIDATION | 1u << NETRT_SPLIT_TEST;
    NetrtSession session;
    Run run = {.context = context, .session = &session};
    if (!check(context, error) || !netrt_session_open(context, NETRT_START_INITIAL, splits, &session, error))
        return NETRT_FAILED;
    int status = NETRT_FAILED;
    bool watched = !options->check_finite || netrt_watch_open(&run.watch, context->program, error);
    if (options->check_finite && watched) session.engine.watch = &run.watch;
    if (watched && netrt_trainer_open(&run.trainer, context, &session, error)) {
        if (netrt_train_log_open(&run.log, options->log, options->log_every > 0, error)) status = train(&run, error);
        if (!netrt_train_log_close(&run.log, status == NETRT_FAILED ? NULL : error)) status = NETRT_FAILED;
        netrt_trainer_close(&run.trainer);
    }
    netrt_watch_close(&run.watch);
    netrt_session_close(&session);
    return status;
}
