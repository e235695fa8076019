#include "agent/proc.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <fcntl.h>
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
        usleep(100); /* what is dead is buried later only: all numbers of processes would be used up */
        usleep(100); /* what is dead is buried later only: all numbers of processes would be used up */
    }
    _exit(0);
}

/* A child that a failed test leaves goes with it. */
static pid_t fork_bound(void)
{
    pid_t pid = fork();
    if (!pid) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    return pid;
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
        WAIT_FOR(proc_kill_tree(getpid()));
        bury();
    }
    print_message("it took %.1f ms at most\n", (double)took / 1e3);
    shared_end(turns);
}

/* A small program, for forks of this one cost what it has grown to: it waits for none of its children, and
 * one of them lives: it is listed behind all others. */
static void leave_zombies(struct op *op, const char *n)
{
    int ready[2];
    char self[300], byte;
    ssize_t k = readlink("/proc/self/exe", self, sizeof self);
    assert_true(k > 0);
    const char *program =
        arena_printf(op->arena, "%.*s/tests/children/test-child", STR(fs_dir_name((str){ self, (size_t)k })))
            .p;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    if (!fork_bound()) {
        dup2(ready[1], 1);
        execl(program, "test-child", "dead", n, "many", "1", "say", "ready", "sleep", NULL);
        _exit(127);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
}

/* More than one reading of the kernel's list gives. */
TEST(proc_tree_finds_who_lives_among_many_dead)
{
    enum { DEAD = 1500, MANY = 4096 };
    static struct proc_stat all[MANY];
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    leave_zombies(op, "1500");
    size_t n = proc_tree(getpid(), all, MANY);
    assert_int_equal(n, DEAD + 2);
    assert_int_equal(all[n - 1].ppid, all[0].pid);
    assert_false(proc_dead(&all[n - 1]));
    WAIT_FOR(proc_tree(getpid(), all, MANY) == n && proc_dead(&all[n - 2]));
    assert_int_equal(proc_tree(getpid(), all, 100), 100);
    WAIT_FOR(proc_kill_tree(getpid()));
    bury();
    assert_int_equal(proc_tree(getpid(), all, MANY), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

TEST(proc_tree_leaves_one_alone)
{
    volatile u64 *turns = shared_begin();
    struct proc_stat s;
    pid_t but = fork_bound();
    if (!but)
        for (;; test_nap()) ++*turns;
    pid_t other = fork_bound();
    if (!other)
        for (;;) pause();
    WAIT_FOR(proc_stop_tree(getpid(), but));
    assert_true(proc_read(other, &s) && s.state == 'T');
    u64 seen = *turns;
    WAIT_FOR(*turns > seen + 3);
    WAIT_FOR(proc_kill_tree(getpid()));
    bury();
    shared_end(turns);
}
