#include "agent/proc.h"
#include "base/fs.h"
#include "tests/unit/test.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Counts that processes share; in *fd for those that are other programs. */
static volatile u64 *shared_begin(int *fd)
{
    *fd = memfd_create("turns", 0);
    assert_int_equal(ftruncate(*fd, 2 * sizeof(u64)), 0);
    volatile u64 *turns = mmap(NULL, 2 * sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    assert_ptr_not_equal((void *)(uintptr_t)turns, MAP_FAILED);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    return turns;
}

static void shared_end(volatile u64 *turns, int fd)
{
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    munmap((void *)(uintptr_t)turns, 2 * sizeof *turns);
    close(fd);
}

/* Of a small program, for each fork of this one costs what it has grown to. */
static const char *test_child(struct op *op)
{
    char self[300];
    ssize_t k = readlink("/proc/self/exe", self, sizeof self);
    assert_true(k > 0);
    return arena_printf(op->arena, "%.*s/tests/children/test-child",
                        STR(fs_dir_name((str){ self, (size_t)k })))
        .p;
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

static bool buried(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    return true;
}

enum { MORE = 3000 }; /* turns that it has before it */

/* Whether it stood before it had come to its end: that is what is to be seen. */
static bool stands(volatile u64 *turns, i64 *took)
{
    enum { NAPS = 20 };
    i64 began = time_mono_us();
    WAIT_FOR(proc_stop_tree(getpid(), 0) && buried());
    *took = MAX(*took, time_mono_us() - began);
    u64 seen = turns[0];
    for (int k = 0; k < NAPS; k++) test_nap();
    assert_int_equal(turns[0], seen);
    if (seen >= turns[1]) return false;
    turns[1] = seen + MORE;
    proc_continue_tree(getpid(), 0);
    WAIT_FOR(buried() && turns[0] > seen);
    return true;
}

TEST(proc_tree_stands_though_it_forks)
{
    enum { ROUNDS = 6, TRIES = 60 };
    i64 took = 0;
    int fd, stood = 0;
    char number[16];
    volatile u64 *turns = shared_begin(&fd);
    const char *program = test_child(op);
    snprintf(number, sizeof number, "%d", fd);
    for (int i = 0; i < TRIES && stood < ROUNDS; i++) {
        u64 from = turns[0];
        turns[1] = from + MORE;
        if (!fork()) {
            execl(program, "test-child", "onward", number, NULL);
            _exit(127);
        }
        WAIT_FOR(buried() && turns[0] > from + 50);
        stood += stands(turns, &took);
        WAIT_FOR(proc_kill_tree(getpid()));
        bury();
    }
    print_message("it stood %d times, it took %.1f ms at most\n", stood, (double)took / 1e3);
    assert_true(stood > 0);
    shared_end(turns, fd);
}

/* It waits for none of its children, and one of them lives: that is listed behind all others. */
static void leave_zombies(const char *program, const char *n)
{
    int ready[2];
    char byte;
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
    leave_zombies(test_child(op), "1500");
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
    int fd;
    volatile u64 *turns = shared_begin(&fd);
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
    shared_end(turns, fd);
}
