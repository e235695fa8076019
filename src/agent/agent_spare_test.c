/* The child that waits to become the unit's next process: used when all is as it was, and only then. */
#include "agent/agent_test.h"
#include "base/fs.h"
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static const char at_once[] = "\"restart\":{\"policy\":\"always\",\"min\":0,\"max\":0,\"budget\":0}";

static bool waits(const struct proc_stat *s)
{
    char path[64], name[32] = { 0 };
    snprintf(path, sizeof path, "/proc/%lld/comm", (long long)s->pid);
    FILE *f = fopen(path, "re");
    bool got = f && fgets(name, sizeof name, f);
    if (f) fclose(f);
    return got && !strcmp(name, "netbit-spare\n");
}

static i64 shim_of(i64 pid)
{
    struct proc_stat s;
    assert_true(proc_read(pid, &s));
    return s.ppid;
}

/* 0: there is none */
static i64 spare_of(i64 shim)
{
    struct proc_stat all[16];
    size_t n = proc_tree(shim, all, LEN(all));
    for (size_t i = 0; i < n; i++)
        if (all[i].ppid == shim && all[i].state == 'S' && waits(&all[i])) return all[i].pid;
    return 0;
}

static void crash(struct host *h, const char *name, struct local_unit *io)
{
    i64 was = io->pid;
    assert_int_equal(kill((pid_t)was, SIGKILL), 0);
    WAIT_FOR(!host_try(h, LOCAL_STATUS, name, io) && io->status == UNIT_RUNNING && io->pid != was);
}

static size_t count_lines(str log, const char *what)
{
    size_t n = 0;
    for (str line; str_next(&log, '\n', &line);) n += contains(line, what);
    return n;
}

TEST(agent_spare_becomes_the_unit)
{
    struct host h;
    struct local_unit u;
    i64 spare;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "s", "env NETBIT_UNIT_NAME open /etc/netbit-was-here w sleep", at_once, &u);
    str was = str_copy(op->arena, u.isolation);
    for (int i = 0; i < 5; i++) {
        WAIT_FOR((spare = spare_of(shim_of(u.pid))));
        assert_int_equal(host_processes(&u), 1); /* nothing of the unit's has begun in it */
        crash(&h, "s", &u);
        assert_int_equal(u.pid, spare);
        assert_int_equal(u.restarts, i + 1);
        assert_str(u.isolation, was);
    }
    WAIT_FOR(count_lines(host_log(&h, &u, "out.log"), "NETBIT_UNIT_NAME=s") == 6);
    WAIT_FOR(count_lines(host_log(&h, &u, "out.log"), "/etc/netbit-was-here ") == 6);
    str log = host_log(&h, &u, "out.log");
    bool apart = contains(was, "namespaces") && !contains(was, "namespaces (");
    assert_int_equal(contains(log, "/etc/netbit-was-here ok"), !apart);
    i64 shim = shim_of(u.pid);
    WAIT_FOR((spare = spare_of(shim)));
    host_do(&h, LOCAL_STOP, "s", &u);
    assert_int_equal(kill((pid_t)spare, 0), -1); /* it ends before the stop is told */
    host_close(&h);
    unlink("/etc/netbit-was-here"); /* written where nothing forbade it */
}

TEST(agent_spare_is_made_anew_when_things_change)
{
    struct host h;
    struct local_unit u;
    i64 spare;
    host_open(&h, op);
    const char *secrets = arena_printf(op->arena, "%s/secrets", h.home).p;
    assert_ok(op, fs_replace(op, secrets, S("WORD=first\n"), 0600));
    host_agent(&h, NULL);
    host_start(&h, "c", "env WORD sleep",
               arena_printf(op->arena, "\"secrets\":\"%s\",%s", secrets, at_once).p, &u);
    WAIT_FOR((spare = spare_of(shim_of(u.pid))));
    assert_ok(op, fs_replace(op, secrets, S("WORD=second\n"), 0600));
    crash(&h, "c", &u);
    assert_int_not_equal(u.pid, spare);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "WORD=second\n"));
    WAIT_FOR(kill((pid_t)spare, 0)); /* the stale one is gone */
    /* Written in place: the same file. */
    WAIT_FOR((spare = spare_of(shim_of(u.pid))));
    FILE *f = fopen(secrets, "w");
    assert_true(f && fputs("WORD=third\n", f) >= 0 && !fclose(f));
    crash(&h, "c", &u);
    assert_int_not_equal(u.pid, spare);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "WORD=third\n"));
    /* An owner who restarts wants everything fresh. */
    WAIT_FOR((spare = spare_of(shim_of(u.pid))));
    host_do(&h, LOCAL_RESTART, "c", &u);
    assert_int_not_equal(u.pid, spare);
    host_close(&h);
}

TEST(agent_spare_that_dies_is_not_missed)
{
    struct host h;
    struct local_unit u;
    i64 spare;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "d", "sleep", at_once, &u);
    i64 shim = shim_of(u.pid);
    WAIT_FOR((spare = spare_of(shim)));
    assert_int_equal(kill((pid_t)spare, SIGKILL), 0);
    WAIT_FOR(kill((pid_t)spare, 0)); /* and it is reaped */
    crash(&h, "d", &u);
    assert_int_equal(host_processes(&u), 1);
    assert_int_equal(shim_of(u.pid), shim);
    WAIT_FOR((spare = spare_of(shim))); /* the next one */
    assert_int_equal(kill((pid_t)shim, SIGKILL), 0);
    WAIT_FOR(kill((pid_t)spare, 0)); /* a shim takes it along */
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "d", &u) && u.status == UNIT_RUNNING && u.pid &&
             host_processes(&u) == 1);
    host_close(&h);
}

TEST(agent_spare_is_made_during_a_delay)
{
    struct host h;
    struct local_unit u;
    i64 spare;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "w", "sleep",
               "\"restart\":{\"policy\":\"always\",\"min\":\"1500ms\",\"max\":\"1500ms\",\"jitter\":0}", &u);
    i64 shim = shim_of(u.pid);
    for (int i = 0; i < 10; i++) { /* a machine that is too busy to have it ready in time starts afresh */
        i64 was = u.pid;
        assert_int_equal(kill((pid_t)was, SIGKILL), 0);
        WAIT_FOR((spare = spare_of(shim)));
        WAIT_FOR(!host_try(&h, LOCAL_STATUS, "w", &u) && u.status == UNIT_RUNNING && u.pid != was);
        if (u.pid == spare) break;
    }
    assert_int_equal(u.pid, spare);
    assert_int_equal(spare_of(shim), 0); /* while it runs there is none: a delay gives time enough */
    host_close(&h);
}
