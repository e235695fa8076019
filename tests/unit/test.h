/* Unit tests: TEST(name) { ... } in x_test.c beside x.c, with cmocka's assertions. Names begin with their
 * module: `netbit-test str_`. */
#pragma once

#include "base/op.h"
#include "base/time.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* the house's fail() is another one */

void test_register(const char *name, CMUnitTestFunction fn);
#define TEST(name) \
    static void test_##name(struct op *op); \
    static void run_##name(void **state) \
    { \
        (void)state; \
        struct arena a = { 0 }; \
        struct op op = test_op(&a); \
        test_##name(&op); \
        arena_free(&a); \
    } \
    __attribute__((constructor)) static void register_##name(void) { test_register(#name, run_##name); } \
    static void test_##name(struct op *op UNUSED)
void test_fail(const char *file, int line, const char *fmt, ...) PRINTF(3, 4) NORETURN;
/* Patience, the one place for it: a deadline ends what hangs, it judges nothing. A minute, times
 * NETBIT_TEST_PATIENCE. */
i64 test_patience_us(void);
i64 test_deadline(void); /* in time_mono_us() */
#define WAIT_FOR(cond) \
    do { \
        i64 until_ = test_deadline(); \
        while (!(cond)) { \
            if (time_mono_us() > until_) test_fail(__FILE__, __LINE__, "still not: %s", #cond); \
            test_nap(); \
        } \
    } while (0)
void test_nap(void);                 /* a millisecond */
struct op test_op(struct arena *);   /* principal_nobody, no ports */
const char *test_dir(void);          /* a fresh directory, removed when the run ends */
const char *test_postgres_url(void); /* a fresh database of the server that ./test started; NULL: none was
                                        (NETBIT_TEST_POSTGRES unset) */
#define assert_ok(op, e) \
    do { \
        err_t e_ = (e); \
        if (e_) \
            test_fail(__FILE__, __LINE__, "%s: %.*s %.*s (%s)", err_name(e_), STR((op)->err.field), \
                      STR((op)->err.msg), (op)->err.at); \
    } while (0)
#define assert_err(op, want, e) \
    do { \
        assert_int_equal((e), (want)); \
        op_clear(op); \
    } while (0)
#define assert_str(got, want) \
    do { \
        str g_ = (got), w_ = (want); \
        if (!str_eq(g_, w_)) test_fail(__FILE__, __LINE__, "got '%.*s', want '%.*s'", STR(g_), STR(w_)); \
    } while (0)
