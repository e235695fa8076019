#include "agent/policy.h"

static bool over_budget(const struct policy *p, const struct unit_restart *r, i64 now_us)
{
    if (r->budget <= 0) return false;
    size_t budget = MIN((size_t)r->budget, (size_t)POLICY_HISTORY);
    if (p->n < budget) return false;
    /* The restart `budget` ago still counts: one more would be too many. */
    return now_us - p->at_us[(p->n - budget) % POLICY_HISTORY] < r->window_us;
}

static i64 delay_of(const struct unit_restart *r, i64 in_row, double random)
{
    double d = (double)r->min_us;
    for (i64 i = 0; i < in_row && d < (double)r->max_us; i++) d *= r->factor;
    d = MIN(d, (double)r->max_us);
    d *= 1 + r->jitter * (2 * random - 1);
    return d > 0 ? (i64)d : 0;
}

enum policy_what policy_next(struct policy *p, const struct unit_restart *r, const struct policy_exit *x,
                             i64 *delay_us)
{
    bool again = r->policy == RESTART_ALWAYS || (r->policy == RESTART_ON_FAILURE && x->failed);
    if (!again) return x->failed ? POLICY_FAILED : POLICY_DONE;
    if (over_budget(p, r, x->now_us)) return POLICY_EXHAUSTED;
    if (x->ran_us >= r->reset_after_us) p->in_row = 0;
    *delay_us = delay_of(r, p->in_row, x->random);
    p->in_row++;
    p->at_us[p->n++ % POLICY_HISTORY] = x->now_us;
    return POLICY_RESTART;
}
