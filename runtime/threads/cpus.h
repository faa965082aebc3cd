// How many processors this process may really use, and which instructions they understand.
#pragma once

// At least 1: the smaller of the affinity mask and of the share that the control group allows (containers set the latter only).
int netrt_cpus_available(void);

// The same from the text of a cgroup v2 `cpu.max` ("150000 100000", "max 100000"): rounded up; 0 when it sets no limit.
int netrt_cpus_from_quota(const char *text);

// What the control groups of this process allow, as the files under `root` tell it ("": those of the system); 0 for no limit.
int netrt_cpus_from_groups(const char *root);

// The best of NETRT_ISA_… that this processor and its operating system support.
int netrt_cpus_isa(void);

// "AVX2"
const char *netrt_isa_name(int isa);
