/* The few calls of NVML that we need, declared here: its header is not part of any distribution. */
#include "agent/gpu.h"
#include <dlfcn.h>

enum { GPUS_MAX = 16, PROCESSES_MAX = 256 };
typedef struct nvml_device *nvml_device;
struct nvml_process { /* nvmlProcessInfo_t of _v2 and _v3 */
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};
struct nvml_sample { /* nvmlProcessUtilizationSample_t */
    unsigned pid;
    unsigned long long time;
    unsigned processors, memory, encoder, decoder;
};
static struct {
    bool tried;
    int (*init)(void);
    int (*count)(unsigned *);
    int (*device)(unsigned, nvml_device *);
    int (*processes)(nvml_device, unsigned *, struct nvml_process *);
    int (*samples)(nvml_device, struct nvml_sample *, unsigned *, unsigned long long);
    nvml_device gpu[GPUS_MAX];
    unsigned long long seen[GPUS_MAX];
    unsigned n;
} nvml;

bool gpu_load(const char *library)
{
    nvml.tried = true;
    nvml.n = 0;
    void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!lib) return false;
    const struct {
        const char *name;
        void *at;
    } calls[] = { { "nvmlInit_v2", &nvml.init },
                  { "nvmlDeviceGetCount_v2", &nvml.count },
                  { "nvmlDeviceGetHandleByIndex_v2", &nvml.device },
                  { "nvmlDeviceGetComputeRunningProcesses_v3", &nvml.processes },
                  { "nvmlDeviceGetProcessUtilization", &nvml.samples } };
    bool all = true;
    for (size_t i = 0; i < LEN(calls); i++) {
        void *fn = dlsym(lib, calls[i].name);
        memcpy(calls[i].at, &fn, sizeof fn);
        all &= fn != NULL;
    }
    unsigned n = 0;
    if (!all || nvml.init() || nvml.count(&n)) return false;
    for (unsigned i = 0; i < n && nvml.n < GPUS_MAX; i++)
        if (!nvml.device(i, &nvml.gpu[nvml.n])) nvml.n++;
    return nvml.n > 0;
}

static size_t add_samples(unsigned gpu, struct gpu_use *out, size_t n)
{
    struct nvml_sample sample[PROCESSES_MAX];
    unsigned count = PROCESSES_MAX;
    if (nvml.samples(nvml.gpu[gpu], sample, &count, nvml.seen[gpu])) return n; /* nothing new */
    for (unsigned i = 0; i < MIN(count, (unsigned)PROCESSES_MAX); i++) {
        nvml.seen[gpu] = MAX(nvml.seen[gpu], sample[i].time);
        for (size_t k = 0; k < n; k++)
            if (out[k].pid == sample[i].pid) out[k].percent = sample[i].processors;
    }
    return n;
}

size_t gpu_processes(struct gpu_use *out, size_t cap)
{
    size_t all = 0;
    if (!nvml.tried) gpu_load("libnvidia-ml.so.1");
    for (unsigned g = 0; g < nvml.n; g++) {
        struct nvml_process p[PROCESSES_MAX];
        unsigned count = PROCESSES_MAX;
        struct gpu_use *from = out + all;
        size_t n = 0;
        if (nvml.processes(nvml.gpu[g], &count, p)) continue;
        for (unsigned i = 0; i < MIN(count, (unsigned)PROCESSES_MAX) && all + n < cap; i++)
            from[n++] = (struct gpu_use){ .pid = p[i].pid, .memory_bytes = (i64)p[i].memory };
        all += add_samples(g, from, n);
    }
    return all;
}
