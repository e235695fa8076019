#include "agent/policy.h"
#include "tests/unit/test.h"

static const struct unit_restart rule = { .policy = RESTART_ON_FAILURE,
                                          .min_us = MSEC(100),
                                          .max_us = SEC(1),
                                          .factor = 2,
                                          .jitter = 0,
                                          .reset_after_us = SEC(60),
                                          .budget = 5,
                                          .window_us = SEC(600) };

TEST(policy_backs_off_and_starts_over)
{
    struct policy p = { 0 };
    i64 delay, now = SEC(1000);
    static const i64 want[] = { MSEC(100), MSEC(200), MSEC(400), MSEC(800) };
    for (size_t i = 0; i < LEN(want); i++) {
        struct policy_exit x = { .now_us = now += SEC(1), .ran_us = MSEC(10), .failed = true };
        assert_int_equal(policy_next(&p, &rule, &x, &delay), POLICY_RESTART);
        assert_int_equal(delay, want[i]);
    }
    struct policy_exit long_run = { .now_us = now + SEC(100), .ran_us = SEC(60), .failed = true };
    assert_int_equal(policy_next(&p, &rule, &long_run, &delay), POLICY_RESTART);
    assert_int_equal(delay, MSEC(100));
}

TEST(policy_gives_up_within_the_window_only)
{
    struct policy p = { 0 };
    i64 delay;
    struct policy_exit x = { .now_us = SEC(1000), .failed = true };
    for (int i = 0; i < 5; i++) assert_int_equal(policy_next(&p, &rule, &x, &delay), POLICY_RESTART);
    assert_int_equal(policy_next(&p, &rule, &x, &delay), POLICY_EXHAUSTED);
    x.now_us += SEC(600);
    assert_int_equal(policy_next(&p, &rule, &x, &delay), POLICY_RESTART);
}

TEST(policy_by_kind)
{
    struct policy p = { 0 };
    i64 delay;
    struct policy_exit good = { .now_us = SEC(1) }, bad = { .now_us = SEC(1), .failed = true };
    struct unit_restart r = rule;
    assert_int_equal(policy_next(&p, &r, &good, &delay), POLICY_DONE);
    r.policy = RESTART_NEVER;
    assert_int_equal(policy_next(&p, &r, &bad, &delay), POLICY_FAILED);
    assert_int_equal(policy_next(&p, &r, &good, &delay), POLICY_DONE);
    r.policy = RESTART_ALWAYS;
    assert_int_equal(policy_next(&p, &r, &good, &delay), POLICY_RESTART);
}

TEST(policy_jitter_stays_within_its_part)
{
    struct unit_restart r = rule;
    i64 delay;
    r.jitter = 0.5;
    for (int i = 0; i <= 10; i++) {
        struct policy p = { 0 };
        struct policy_exit x = { .now_us = SEC(1), .failed = true, .random = i / 10.0 };
        assert_int_equal(policy_next(&p, &r, &x, &delay), POLICY_RESTART);
        assert_true(delay >= MSEC(50) && delay <= MSEC(150));
    }
}
