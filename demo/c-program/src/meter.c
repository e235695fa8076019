/* Reads a noisy signal (made here, for want of an antenna), filters it and prints its level at a steady rate.
 * SIGTERM ends it politely, SIGUSR1 makes it abort as a real bug would. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop, broken;
static void on_signal(int s)
{
    if (s == SIGUSR1) broken = 1;
    else stop = 1;
}

static double noise(void)
{
    static unsigned long long x = 88172645463325252ULL;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return (double)(x >> 11) / 9007199254740992.0 - 0.5;
}

int main(int argc, char **argv)
{
    double rate = 1, level = 0;
    long count = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--rate")) rate = atof(argv[i + 1]);
        else if (!strcmp(argv[i], "--count")) count = atol(argv[i + 1]);
        else return fprintf(stderr, "error: unknown option %s\n", argv[i]), 2;
    }
    if (rate <= 0 || rate > 1000000) return fprintf(stderr, "error: --rate must be above 0\n"), 2;
    struct sigaction sa = { .sa_handler = on_signal };
    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGUSR1, &sa, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("[info] meter: pid %d, %g lines a second\n", (int)getpid(), rate);
    struct timespec pause = { (time_t)(1 / rate), (long)(fmod(1 / rate, 1) * 1e9) };
    for (long n = 1; !stop && (!count || n <= count); n++) {
        double sample = sin((double)n / 20) + noise();
        level += (sample - level) * 0.1;
        printf("%ld level=%.4f\n", n, level);
        if (broken) {
            fprintf(stderr, "fatal: told to abort\n");
            abort();
        }
        nanosleep(&pause, NULL);
    }
    printf("[info] meter: done\n");
    return 0;
}
