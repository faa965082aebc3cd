// What `profile` shows: a row for each kernel in the order of execution, then sums; or the same as JSON.
#include <stdio.h>
#include <string.h>

#include "program/profile.h"
#include "report/json.h"
#include "report/text.h"
#include "threads/cpus.h"

#define NAME_WIDTH 30
#define LINES_WIDTH 16

// What a kernel, or all of them, do in a step.
typedef struct Work {
    double nanoseconds, flops, bytes;
} Work;

static Work work_of(const NetrtProfile *profile, const NetrtProfileKernel *kernel) {
    const NetrtStep *step = kernel->step;
    double N = (double)profile->N;
    return (Work){.nanoseconds = kernel->nanoseconds,
                  .flops = kernel->runs * (step->flops + step->flops_per_sample * N),
                  .bytes = kernel->runs * (step->bytes + step->bytes_per_sample * N)};
}

static Work sum(const NetrtProfile *profile) {
    Work all = {0};
    for (int64_t k = 0; k < profile->count; k++) {
        Work one = work_of(profile, &profile->kernels[k]);
        all.nanoseconds += one.nanoseconds;
        all.flops += one.flops;
        all.bytes += one.bytes;
    }
    return all;
}

// What the shares are of. The kernels were timed in other steps than the whole, which may thus come out as less than they.
static double whole(const NetrtProfile *profile, Work kernels) {
    return profile->step > kernels.nanoseconds ? profile->step : kernels.nanoseconds;
}

static double per_nanosecond(double what, double nanoseconds) { return nanoseconds > 0 ? what / nanoseconds : 0; }

static double peak_share(const NetrtProfile *profile, Work work) {
    return profile->peak > 0 ? 1e9 * per_nanosecond(work.flops, work.nanoseconds) / profile->peak : 0;
}

static double samples_per_second(const NetrtProfile *profile) {
    return 1e9 * per_nanosecond((double)profile->N * profile->batches, profile->step);
}

static const char *const entry_names[NETRT_ENTRIES] = {
    [NETRT_TRAIN_STEP] = "train_step", [NETRT_GRADIENTS] = "gradients", [NETRT_APPLY] = "apply", [NETRT_PREDICT] = "predict"};

// ---- For people

// "mnist.net:3" is "3" in the profile of mnist.net.
static const char *short_lines(const NetrtProfile *profile, const char *lines) {
    size_t length = strcspn(lines, ":");
    const char *source = strrchr(profile->program->source, '/');
    source = source ? source + 1 : profile->program->source;
    const char *file = lines + length;
    while (file > lines && file[-1] != '/') file--;
    bool own = strlen(source) == (size_t)(lines + length - file) && strncmp(file, source, strlen(source)) == 0;
    return own && lines[length] ? lines + length + 1 : lines;
}

static char *number(char text[32], const char *format, double value) {
    snprintf(text, 32, format, value);
    return text;
}

static char *microseconds(char text[32], double nanoseconds) {
    if (nanoseconds >= 1e7) return netrt_text_count(text, (int64_t)(nanoseconds / 1e3 + 0.5));
    return number(text, nanoseconds < 1e5 ? "%.2f" : "%.1f", nanoseconds / 1e3);
}

// What there is no arithmetic or traffic of stays empty.
static void put_row(NetrtTable *table, const NetrtProfile *profile, const char *place, const char *name, const char *lines,
                    Work work, double all, const char *threads) {
    char time[32], share[32], flops[32] = "", bytes[32] = "", peak[32] = "", cut_name[160], cut_lines[160];
    microseconds(time, work.nanoseconds);
    number(share, "%.1f", 100 * per_nanosecond(work.nanoseconds, all));
    if (work.flops > 0) number(flops, "%.1f", per_nanosecond(work.flops, work.nanoseconds));
    if (work.bytes > 0) number(bytes, "%.1f", per_nanosecond(work.bytes, work.nanoseconds));
    if (work.flops > 0 && profile->peak > 0) number(peak, "%.1f", 100 * peak_share(profile, work));
    netrt_table_row(table, (const char *[]){place, netrt_text_cut(cut_name, sizeof cut_name, name, NAME_WIDTH),
                                            netrt_text_cut(cut_lines, sizeof cut_lines, lines, LINES_WIDTH), time, share, flops,
                                            bytes, peak, threads});
}

static void put_kernels(NetrtTable *table, const NetrtProfile *profile, double all) {
    for (int64_t k = 0; k < profile->count; k++) {
        const NetrtProfileKernel *kernel = &profile->kernels[k];
        char place[32], threads[32];
        if (k > 0 && kernel->entry != kernel[-1].entry) netrt_table_rule(table);
        snprintf(place, sizeof place, "%lld", (long long)k + 1);
        snprintf(threads, sizeof threads, "%d", kernel->threads);
        put_row(table, profile, place, kernel->step->name, short_lines(profile, kernel->step->lines), work_of(profile, kernel),
                all, threads);
    }
}

static void print_title(const NetrtProfile *profile) {
    char steps[32], batches[48] = "";
    if (profile->batches > 1) snprintf(batches, sizeof batches, "%.0f batches of ", profile->batches);
    printf("%s of %s: %s%lld sample%s%s, %d thread%s, medians of %s step%s\n\n",
           profile->inference ? "a prediction" : "a training step", profile->program->source, batches, (long long)profile->N,
           profile->N == 1 ? "" : "s", profile->batches > 1 ? "" : " in a batch", profile->threads,
           profile->threads == 1 ? "" : "s", netrt_text_count(steps, profile->steps), profile->steps == 1 ? "" : "s");
}

static void print_peak(const NetrtProfile *profile) {
    const NetrtProgram *program = profile->program;
    char rate[32];
    printf("\n%s samples/s.", netrt_text_count(rate, (int64_t)samples_per_second(profile)));
    if (profile->peak > 0)
        printf(" The machine's peak, measured just now: %.1f GFLOP/s (%s in %s with %s, %d thread%s).", profile->peak / 1e9,
               program->isa == NETRT_ISA_BASE ? "multiply and add" : "FMA",
               program->float_type == NETRT_F64 ? "float64" : "float32", netrt_isa_name(program->isa), profile->threads,
               profile->threads == 1 ? "" : "s");
    printf("\nReading the clock, %.0f ns a kernel, is taken off.\n", profile->clock);
}

void netrt_profile_table(const NetrtProfile *profile) {
    NetrtTable table = {.align = "rllrrrrrr", .columns = profile->threads > 1 ? 9 : 8};
    Work kernels = sum(profile), step = {profile->step, kernels.flops, kernels.bytes};
    double all = whole(profile, kernels);
    print_title(profile);
    netrt_table_row(&table, (const char *[]){"#", "kernel", "lines", "µs", "%", "GFLOP/s", "GB/s", "% of peak", "threads"});
    netrt_table_rule(&table);
    put_kernels(&table, profile, all);
    netrt_table_rule(&table);
    put_row(&table, profile, "", "all kernels", "", kernels, all, "");
    put_row(&table, profile, "", "all else", "", (Work){.nanoseconds = all - kernels.nanoseconds}, all, "");
    put_row(&table, profile, "", "the step", "", step, profile->step, "");
    netrt_table_print(&table, stdout);
    netrt_table_free(&table);
    print_peak(profile);
}

// ---- For programs

static void put_text(const char *name, const char *text) {
    printf("\"%s\":", name);
    netrt_json_string(stdout, text);
}

static void put_number(const char *name, double value) {
    printf(",\"%s\":", name);
    netrt_json_number(stdout, value);
}

static void put_rates(const NetrtProfile *profile, Work work) {
    put_number("flops", work.flops);
    put_number("bytes", work.bytes);
    put_number("gflops", per_nanosecond(work.flops, work.nanoseconds));
    put_number("gigabytes_per_second", per_nanosecond(work.bytes, work.nanoseconds));
    put_number("peak_share", peak_share(profile, work));
    puts("}");
}

void netrt_profile_json(const NetrtProfile *profile) {
    Work kernels = sum(profile), step = {profile->step, kernels.flops, kernels.bytes};
    double all = whole(profile, kernels);
    for (int64_t k = 0; k < profile->count; k++) {
        const NetrtProfileKernel *kernel = &profile->kernels[k];
        printf("{\"kernel\":%lld,", (long long)k + 1);
        put_text("name", kernel->step->name);
        putchar(',');
        put_text("lines", kernel->step->lines);
        putchar(',');
        put_text("entry", entry_names[kernel->entry]);
        printf(",\"threads\":%d", kernel->threads);
        put_number("microseconds", kernel->nanoseconds / 1e3);
        put_number("share", per_nanosecond(kernel->nanoseconds, all));
        put_rates(profile, work_of(profile, kernel));
    }
    printf("{\"batch_size\":%lld,\"threads\":%d,\"steps\":%lld", (long long)profile->N, profile->threads,
           (long long)profile->steps);
    put_number("step_microseconds", profile->step / 1e3);
    put_number("kernel_microseconds", kernels.nanoseconds / 1e3);
    put_number("samples_per_second", samples_per_second(profile));
    put_number("peak_gflops", profile->peak / 1e9);
    put_number("clock_nanoseconds", profile->clock);
    put_rates(profile, step);
}
