/* A process that mostly sleeps should not hold memory: what of it can be read again from the program's files
 * is given back, and so is what the allocator keeps. */
#pragma once
#include "base/def.h"

void memory_setup(void); /* once, before threads: one small allocator arena */
void memory_trim(void);
void memory_give_back(void); /* of the allocator only */
/* Zeroed pages that forked processes do not inherit: what the agent writes there is copied into no shim. */
void *memory_unshared(size_t n);
