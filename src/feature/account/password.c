/* Passwords: argon2id with 19 MiB and two passes (20-40 ms of one core here). A flood of sign-ins must not
 * eat the memory, so only a few hash at once, some wait their turn up to their deadline, and the rest are
 * sent away. */
#include "base/log.h"
#include "base/rand.h"
#include "feature/account/account_in.h"
#include <argon2.h>
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

enum { PASSES = 2, MEMORY_KIB = 19456, LANES = 1, SALT = 16, TAG = 32, ENCODED = 160, WAITERS = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t freed = PTHREAD_COND_INITIALIZER;
static int running, waiting;

static int slots(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 4 ? 4 : (int)n;
}

static err_t busy(struct op *op)
{
    op->retry_after_us = SEC(1);
    return fail(op, ERR_UNAVAILABLE, "too many people are signing in at once");
}

static err_t slot_take(struct op *op)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    i64 left = op->deadline_us ? MIN(op->deadline_us - time_mono_us(), SEC(10)) : SEC(10);
    until.tv_sec += (time_t)(MAX(left, 0) / SEC(1)) + 1;

    pthread_mutex_lock(&lock);
    bool full = waiting >= WAITERS;
    int late = 0;
    if (!full) {
        waiting++;
        while (running >= slots() && !late) late = pthread_cond_timedwait(&freed, &lock, &until);
        waiting--;
        if (!late) running++;
    }
    pthread_mutex_unlock(&lock);
    return full || late ? busy(op) : OK;
}

static void slot_done(bool *held)
{
    if (!*held) return;
    pthread_mutex_lock(&lock);
    running--;
    pthread_cond_signal(&freed);
    pthread_mutex_unlock(&lock);
}

err_t password_hash(struct op *op, str password, str *hash)
{
    u8 salt[SALT];
    char text[ENCODED];
    rand_bytes(salt, sizeof salt);
    TRY(slot_take(op));
    AUTO(slot) UNUSED bool held = true;
    int e = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p, password.n, salt, sizeof salt, TAG,
                                  text, sizeof text);
    if (e) return fail_detail(op, ERR_INTERNAL, "argon2: %s", argon2_error_message(e));
    *hash = str_copy(op->arena, str_of(text));
    return OK;
}

/* The hash that stands in for an unknown person's: same cost, matches nothing anybody can type in. */
static const char nobody_hash[] = "$argon2id$v=19$m=19456,t=2,p=1$bmV0Yml0LW5vYm9keS0wMQ$"
                                  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

err_t password_check(struct op *op, str login, str password, str hash, bool *right)
{
    TRY(slot_take(op));
    AUTO(slot) UNUSED bool held = true;
    TRY(guard_check(op, login)); /* others may have guessed while we waited */
    bool usable =
        str_starts(hash, S("$argon2id$")); /* "!" is the hash of who cannot sign in with a password */
    const char *encoded = usable ? str_z(op->arena, hash) : nobody_hash;
    int e = argon2id_verify(encoded, password.p, password.n);
    if (e && e != ARGON2_VERIFY_MISMATCH)
        return fail_detail(op, ERR_INTERNAL, "argon2: %s", argon2_error_message(e));
    *right = !e && usable;
    return OK;
}
