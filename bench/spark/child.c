/* The program that both supervisors run. MODE is
 *   stamp FILE     append "nanoseconds-since-epoch pid" to FILE, then sleep: when did I begin to run?
 *   lines N LEN    N lines of LEN bytes through a 64 KB stdio buffer, then sleep
 *   flush N LEN    N lines of LEN bytes, one write(2) each, then sleep */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int stamp(const char *path)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    FILE *f = fopen(path, "a");
    if (!f) return 1;
    fprintf(f, "%lld%09ld %d\n", (long long)t.tv_sec, t.tv_nsec, (int)getpid());
    return fclose(f);
}

static int lines(long n, size_t len, int flush)
{
    static char line[4096];
    if (len < 12 || len > sizeof line) return 1;
    memset(line, 'x', len);
    line[len - 1] = '\n';
    setvbuf(stdout, NULL, _IOFBF, 65536);
    for (long i = 0; i < n; i++) {
        char number[16];
        memcpy(line, number, (size_t)snprintf(number, sizeof number, "%09ld ", i));
        if (flush ? write(STDOUT_FILENO, line, len) < 0 : fwrite(line, 1, len, stdout) != len) return 1;
    }
    return fflush(stdout);
}

int main(int argc, char **argv)
{
    int e = 0;
    if (argc > 2 && !strcmp(argv[1], "stamp")) e = stamp(argv[2]);
    if (argc > 3 && !strcmp(argv[1], "lines")) e = lines(strtol(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), 0);
    if (argc > 3 && !strcmp(argv[1], "flush")) e = lines(strtol(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), 1);
    while (!e) sleep(1000);
    return e;
}
