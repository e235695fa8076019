#include "agent/proc.h"
#include "tests/unit/test.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile u64 *shared_begin(void)
{
    volatile u64 *turns =
        mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal((void *)(uintptr_t)turns, MAP_FAILED);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return turns;
}

static void shared_end(volatile u64 *turns)
{
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    munmap((void *)(uintptr_t)turns, sizeof *turns);
}

/* A process that hands its life on to a child all the time, as a fork bomb or a daemon does. What a failed
 * test leaves of it ends by itself. */
static NORETURN void run_on(volatile u64 *turns)
{
    setsid();
    for (i64 until = time_mono_us() + SEC(60); time_mono_us() < until;) {
        ++*turns;
        if (fork()) break;
    }
    _exit(0);
}

static void bury(void)
{
    while (waitpid(-1, NULL, 0) > 0) continue;
}

TEST(proc_tree_stands_though_it_forks)
{
    enum { ROUNDS = 6, NAPS = 20 };
    i64 took = 0;
    volatile u64 *turns = shared_begin();
    for (int i = 0; i < ROUNDS; i++) {
        u64 from = *turns;
        pid_t first = fork();
        if (!first) run_on(turns);
        WAIT_FOR(*turns > from + 50);
        i64 began = time_mono_us();
        WAIT_FOR(proc_stop_tree(getpid(), 0));
        took = MAX(took, time_mono_us() - began);
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        u64 seen = *turns;
        for (int k = 0; k < NAPS; k++) test_nap();
        assert_int_equal(*turns, seen);
        proc_continue_tree(getpid(), 0);
        WAIT_FOR(*turns > seen);
        assert_true(proc_kill_tree(getpid()));
        bury();
    }
    print_message("it took %.1f ms at most\n", (double)took / 1e3);
    shared_end(turns);
}

/* A parent that waits for none of its children, and one of them that lives: it is listed behind all others.
 */
static NORETURN void leave_zombies(int n, volatile u64 *living)
{
    for (int i = 0; i < n; i++)
        if (!fork()) _exit(0);
    pid_t last = fork();
    if (!last)
        for (;;) pause();
    *living = (u64)last;
    for (;;) pause();
}

TEST(proc_tree_finds_who_lives_among_thousands_of_dead)
{
    enum { DEAD = 3000, MANY = 4096 };
    static struct proc_stat all[MANY];
    volatile u64 *living = shared_begin();
    if (!fork()) leave_zombies(DEAD, living);
    WAIT_FOR(*living);
    size_t n = proc_tree(getpid(), all, MANY);
    assert_int_equal(n, DEAD + 2);
    assert_int_equal(all[n - 1].pid, *living);
    assert_false(proc_dead(&all[n - 1]));
    assert_int_equal(proc_tree(getpid(), all, 100), 100);
    assert_true(proc_kill_tree(getpid()));
    bury();
    assert_int_equal(proc_tree(getpid(), all, MANY), 0);
    shared_end(living);
}

TEST(proc_tree_leaves_one_alone)
{
    volatile u64 *turns = shared_begin();
    struct proc_stat s;
    pid_t but = fork();
    if (!but)
        for (alarm(60);; test_nap()) ++*turns;
    pid_t other = fork();
    if (!other)
        for (alarm(60);;) pause();
    WAIT_FOR(proc_stop_tree(getpid(), but));
    assert_true(proc_read(other, &s) && s.state == 'T');
    u64 seen = *turns;
    WAIT_FOR(*turns > seen + 3);
    assert_true(proc_kill_tree(getpid()));
    bury();
    shared_end(turns);
}
