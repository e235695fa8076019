/* A program for units to run: each word of its command line does one thing, in order. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long number(const char *text) { return text ? strtol(text, NULL, 10) : 0; }

static void lines(long n, bool each)
{
    static char buffer[65536];
    if (!each) setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    char line[128];
    for (long i = 1; i <= n; i++) {
        int len = snprintf(
            line, sizeof line,
            "%010ld the quick brown fox jumps over the lazy dog, the quick brown fox jumps over the%s\n", i,
            "1234567");
        if (!each) fwrite(line, 1, (size_t)len, stdout);
        else if (write(1, line, (size_t)len) != len) _exit(9);
    }
    fflush(stdout);
}

/* As quick as a fork bomb, but it ends by itself: a test must not hurt the machine. */
static void fork_many(long n)
{
    for (long i = 0; i < n; i++)
        if (!fork()) {
            alarm(300);
            for (;;) pause();
        }
}

/* They stay in the list of children, for nobody waits for them. */
static void fork_dead(long n)
{
    for (long i = 0; i < n; i++)
        if (!fork()) _exit(0);
}

/* Hands its life on to a child all the time, as a fork bomb or a daemon does, and counts in a shared file how
 * often. It ends when the count has come to the number behind it: nobody may wait for its dead for a while.
 */
static void run_on(int fd)
{
    volatile unsigned long long *turns =
        mmap(NULL, 2 * sizeof *turns, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (turns == MAP_FAILED) _exit(9);
    setsid();
    while (turns[0] < turns[1]) {
        ++turns[0];
        if (fork()) break;
    }
    _exit(0);
}

/* Outlives its parent's group and session. */
static void leave_daemon(void)
{
    if (!fork()) {
        setsid();
        if (!fork()) {
            signal(SIGTERM, SIG_IGN);
            for (;;) pause();
        }
        _exit(0);
    }
    wait(NULL);
}

/* Turns for `ms` of the clock and says how much of a core it had. */
static void burn(long ms)
{
    struct timespec from, now;
    clock_t used = clock();
    clock_gettime(CLOCK_MONOTONIC, &from);
    long passed = 0;
    while (passed < ms) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        passed = (now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000;
    }
    printf("burned %ld %%\n",
           (long)((double)(clock() - used) / CLOCKS_PER_SEC * 1000 / (double)passed * 100));
    fflush(stdout);
}

static void files(void)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    printf("%ld files\n", (long)r.rlim_cur);
    fflush(stdout);
}

/* A datagram to the address that a variable of the environment tells: a path, or 127.0.0.1:PORT. */
static void send_to(const char *variable, const char *text)
{
    const char *to = getenv(variable), *port = to ? strrchr(to, ':') : NULL;
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    bool local = to && to[0] == '/';
    if (local && strlen(to) < sizeof un.sun_path) strcpy(un.sun_path, to);
    else if (local) {
        fprintf(stderr, "%s is too long: %zu bytes\n", variable, strlen(to));
        return;
    }
    if (port) in.sin_port = htons((unsigned short)number(port + 1));
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_DGRAM, 0);
    struct sockaddr *at = local ? (struct sockaddr *)&un : (struct sockaddr *)&in;
    if (sendto(fd, text, strlen(text), 0, at, local ? sizeof un : sizeof in) < 0)
        perror(variable), fflush(stderr);
    close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    for (char **w = argv + 1; *w; w++) {
        const char *arg = w[1];
        if (!strcmp(*w, "sleep"))
            for (;;) pause();
        else if (!strcmp(*w, "wait")) usleep((useconds_t)number(arg) * 1000), w++;
        else if (!strcmp(*w, "say")) puts(arg), fflush(stdout), w++;
        else if (!strcmp(*w, "complain")) fprintf(stderr, "%s\n", arg), w++;
        else if (!strcmp(*w, "env"))
            printf("%s=%s\n", arg, getenv(arg) ? getenv(arg) : "(none)"), fflush(stdout), w++;
        else if (!strcmp(*w, "exit")) return (int)number(arg);
        else if (!strcmp(*w, "kill")) raise((int)number(arg));
        else if (!strcmp(*w, "lines")) lines(number(arg), false), w++;
        else if (!strcmp(*w, "writes")) lines(number(arg), true), w++;
        else if (!strcmp(*w, "burn")) burn(number(arg)), w++;
        else if (!strcmp(*w, "send")) send_to(arg, w[2]), w += 2;
        else if (!strcmp(*w, "files")) files();
        else if (!strcmp(*w, "stubborn")) signal(SIGTERM, SIG_IGN);
        else if (!strcmp(*w, "daemon")) leave_daemon();
        else if (!strcmp(*w, "onward")) run_on((int)number(arg));
        else if (!strcmp(*w, "many")) fork_many(number(arg)), w++;
        else if (!strcmp(*w, "dead")) fork_dead(number(arg)), w++;
        else if (!strcmp(*w, "eat")) {
            size_t n = (size_t)number(arg) << 20;
            char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (p != MAP_FAILED) memset(p, 1, n);
            w++;
        } else if (!strcmp(*w, "open")) { /* reads or writes a file, says how that went */
            FILE *f = fopen(arg, w[2]);
            printf("%s %s\n", arg, f ? "ok" : strerror(errno));
            fflush(stdout);
            if (f) fclose(f);
            w += 2;
        } else return 64;
    }
    return 0;
}
