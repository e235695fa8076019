#include "agent/shim_impl.h"
#include "tests/unit/test.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that hands its life on to a child all the time, as a fork bomb or a daemon does. */
static NORETURN void run_on(volatile u64 *turns)
{
    alarm(60);
    for (;;) {
        ++*turns;
        if (fork()) _exit(0);
        alarm(60); /* what a failed test leaves ends by itself */
    }
}

TEST(shim_still_stops_what_forks_meanwhile)
{
    enum { ROUNDS = 6, NAPS = 20 };
    i64 took = 0;
    static struct shim shim = { .cgroup = -1 };
    volatile u64 *turns =
        mmap(NULL, sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (int i = 0; i < ROUNDS; i++) {
        u64 from = *turns;
        pid_t first = fork();
        if (!first) run_on(turns);
        WAIT_FOR(*turns > from + 50);
        i64 began = time_mono_us();
        shim_still(&shim, true);
        took = MAX(took, time_mono_us() - began);
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        u64 seen = *turns;
        for (int k = 0; k < NAPS; k++) test_nap();
        assert_int_equal(*turns, seen);
        shim_still(&shim, false);
        WAIT_FOR(*turns > seen);
        shim_still(&shim, true);
        proc_kill_tree(getpid());
        while (waitpid(-1, NULL, 0) > 0) continue;
    }
    print_message("it took %.1f ms at most\n", (double)took / 1e3);
    prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
    munmap((void *)(uintptr_t)turns, sizeof *turns);
}
