/* The loops over whole columns, four numbers at a time: written once, compiled for the processor at hand and
 * for any. Both give the same bits (a test compares them). */
#pragma once
#include "base/def.h"

/* Added to a double below 2^51 it rounds to an integer, which then stands in the low bits of the sum. */
#define KERNEL_ROUND      0x1.8p52
#define KERNEL_ROUND_BITS 0x4338000000000000
#define KERNEL_MAX        0x1p51

#define KERNEL_MISS INT64_MIN /* of scale(): not a decimal of so many digits */

static inline i64 kernel_scale_one(double x, double ten)
{
    double s = x * ten, sum = s + KERNEL_ROUND, back = (sum - KERNEL_ROUND) / ten;
    i64 sum_bits, back_bits, bits;
    memcpy(&sum_bits, &sum, 8);
    memcpy(&back_bits, &back, 8);
    memcpy(&bits, &x, 8);
    return s > -KERNEL_MAX && s < KERNEL_MAX && back_bits == bits ? sum_bits - KERNEL_ROUND_BITS
                                                                  : KERNEL_MISS;
}

struct kernel_stats {
    i64 numbers; /* the rest is defined when it is not 0; NaN is left out */
    double min, max, sum;
};
struct kernels {
    /* m[i] = the integer of which x[i] is exactly the quotient by `ten`, below 2^51; how many there are not
     */
    size_t (*scale)(const double *x, size_t n, double ten, i64 *m);
    void (*unscale)(const i64 *m, size_t n, double ten, double *x); /* x may be m */
    void (*range)(const i64 *v, size_t n, i64 *min, i64 *max);      /* n > 0 */
    size_t (*outside)(const i64 *v, size_t n, i64 from, u64 span); /* how many are not in from..from + span */
    void (*delta)(const i64 *v, size_t n, i64 *d);                 /* n differences of n + 1 numbers; wraps */
    void (*stats)(const double *x, size_t n, struct kernel_stats *);
    size_t (*find)(const double *x, size_t n, double v); /* the first that equals v; n: none */
};
const struct kernels *kernels(void); /* the best that this processor runs */
extern const struct kernels kernels_portable;
