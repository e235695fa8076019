/* What processes use of NVIDIA GPUs, through the driver's own library, which is loaded when it is there. */
#pragma once
#include "base/def.h"

struct gpu_use {
    i64 pid;
    double percent; /* of one GPU's processors, over the last second or so */
    i64 memory_bytes;
};
/* One row a process and GPU; how many, 0 when there is no GPU. */
size_t gpu_processes(struct gpu_use *out, size_t cap);
bool gpu_load(const char *library); /* "libnvidia-ml.so.1"; done once by gpu_processes() */
