/* A stand-in for NVIDIA's library: two GPUs; process 100 runs on both, 200 on the first. */
#include <stdlib.h>

struct process {
    unsigned pid;
    unsigned long long memory;
    unsigned gpu_instance, compute_instance;
};
struct sample {
    unsigned pid;
    unsigned long long time;
    unsigned processors, memory, encoder, decoder;
};
int nvmlInit_v2(void);
int nvmlDeviceGetCount_v2(unsigned *n);
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **out);
int nvmlDeviceGetComputeRunningProcesses_v3(void *gpu, unsigned *n, struct process *out);
int nvmlDeviceGetProcessUtilization(void *gpu, struct sample *out, unsigned *n, unsigned long long seen);

static char gpus[2];
int nvmlInit_v2(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *n) { return *n = 2, 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **out) { return *out = &gpus[i], 0; }

int nvmlDeviceGetComputeRunningProcesses_v3(void *gpu, unsigned *n, struct process *out)
{
    out[0] = (struct process){ 100, 512ull << 20, 0, 0 };
    if (gpu == &gpus[0]) out[1] = (struct process){ 200, 1ull << 20, 0, 0 };
    *n = gpu == &gpus[0] ? 2 : 1;
    return 0;
}

int nvmlDeviceGetProcessUtilization(void *gpu, struct sample *out, unsigned *n, unsigned long long seen)
{
    if (seen) return 6; /* not found: nothing newer */
    out[0] = (struct sample){ 100, 5, gpu == &gpus[0] ? 75 : 20, 1, 0, 0 };
    *n = 1;
    return 0;
}
