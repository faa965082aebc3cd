// Counts usable processors. `nproc` ignores the quota of a control group, under which extra threads only wait for each other.
#define _GNU_SOURCE // NOLINT(bugprone-reserved-identifier): the C library's own switch, for sched_getaffinity
#include "threads/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netrt.h"

int netrt_cpus_from_quota(const char *text) {
    char *end;
    double quota = strtod(text, &end), period = strtod(end, NULL);
    if (end == text || !(quota > 0) || !(period > 0) || quota / period > 1e6) return 0; // "max", or −1 in version 1
    int whole = (int)(quota / period);
    return whole < quota / period ? whole + 1 : whole;
}

static bool read_line(const char *root, const char *name, char *line, int size) {
    char path[2048];
    snprintf(path, sizeof path, "%s%s", root, name);
    FILE *file = fopen(path, "re");
    if (!file) return false;
    bool got = fgets(line, size, file) != NULL;
    fclose(file);
    if (got) line[strcspn(line, "\n")] = 0;
    return got;
}

static int smaller(int limit, int found) { return found > 0 && (limit == 0 || found < limit) ? found : limit; }

// Version 2: the limit of our own group and of every group around it. In a container our group is the root.
static int quota_v2(const char *root) {
    char line[512], path[640], group[512];
    if (!read_line(root, "/proc/self/cgroup", line, sizeof line) || strncmp(line, "0::", 3) != 0) return 0;
    snprintf(group, sizeof group, "%s", line + 3);
    for (int limit = 0;;) {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", strcmp(group, "/") ? group : "");
        if (read_line(root, path, line, sizeof line)) limit = smaller(limit, netrt_cpus_from_quota(line));
        char *slash = strrchr(group, '/');
        if (!slash) return limit;
        *slash = 0;
    }
}

static int quota_v1(const char *root) {
    char quota[64], period[64], both[140];
    if (!read_line(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota)) return 0;
    if (!read_line(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) return 0;
    snprintf(both, sizeof both, "%s %s", quota, period);
    return netrt_cpus_from_quota(both);
}

int netrt_cpus_from_groups(const char *root) { return smaller(quota_v2(root), quota_v1(root)); }

// A mask that is shorter than the system's is refused; this one has room for more processors than Linux can count.
static int affinity(void) {
    cpu_set_t sets[64];
    return sched_getaffinity(0, sizeof sets, sets) == 0 ? CPU_COUNT_S(sizeof sets, sets) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int netrt_cpus_available(void) {
    int count = smaller(affinity(), netrt_cpus_from_groups(""));
    return count < 1 ? 1 : count;
}

// `__builtin_cpu_supports` also asks whether the operating system saves the registers. x86-64-v4 is F, BW, CD, DQ and VL.
int netrt_cpus_isa(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
    return avx2 && avx512 ? NETRT_ISA_AVX512 : avx2 ? NETRT_ISA_AVX2 : NETRT_ISA_BASE;
#else
    return NETRT_ISA_BASE;
#endif
}

const char *netrt_isa_name(int isa) {
    static const char *const names[] = {[NETRT_ISA_BASE] = "SSE2", [NETRT_ISA_AVX2] = "AVX2", [NETRT_ISA_AVX512] = "AVX-512"};
    return names[isa];
}
