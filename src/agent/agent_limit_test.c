/* Limits, health and isolation, as far as this machine allows; what it does not is said by the unit. */
#include "agent/agent_test.h"
#include "base/fs.h"
#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

TEST(agent_limit_memory_is_said_to_be_out)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "eat", "eat 200 sleep",
               "\"resources\":{\"memory_max\":\"64M\"},\"restart\":{\"policy\":\"never\"}", &u);
    WAIT_FOR(host_status_is(&h, "eat", UNIT_FAILED));
    host_do(&h, LOCAL_STATUS, "eat", &u);
    assert_true(str_starts(u.reason, S("out of memory")));
    assert_int_equal(host_processes(&u), 0);
    host_close(&h);
}

TEST(agent_limit_too_many_processes_end)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "bomb", "wait 20 many 300 sleep",
               "\"resources\":{\"pids\":40},\"restart\":{\"policy\":\"never\"}", &u);
    str applied;
    str_cut(u.isolation, ';', &applied, &(str){ 0 });
    bool by_cgroup = contains(applied, "pids limit");
    if (by_cgroup) {
        WAIT_FOR(host_processes(&u) >= 30);
        assert_true(host_processes(&u) <= 40);
        host_do(&h, LOCAL_STOP, "bomb", &u);
    } else {
        WAIT_FOR(host_status_is(&h, "bomb", UNIT_FAILED));
        host_do(&h, LOCAL_STATUS, "bomb", &u);
        assert_true(str_starts(u.reason, S("too many processes")));
    }
    assert_int_equal(host_processes(&u), 0);
    host_close(&h);
}

TEST(agent_limit_health_by_command)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "h", "sleep",
               "\"health\":{\"type\":\"exec\",\"command\":[\"sh\",\"-c\",\"test ! -e "
               "${data}/ill\"],\"interval\":\"20ms\","
               "\"retries\":2,\"start_period\":0},\"restart\":{\"min\":0,\"max\":0,\"policy\":\"on-failure\","
               "\"budget\":1}",
               &u);
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "h", &u) && str_is(u.health, "healthy"));
    i64 pid = u.pid;
    assert_ok(op, fs_replace(op, arena_printf(op->arena, "%.*s/data/ill", STR(u.dir)).p, S(""), 0600));
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "h", &u) && u.status == UNIT_FAILED);
    assert_int_not_equal(u.pid, pid);
    assert_true(contains(u.reason, "unhealthy: the check ended with 1"));
    assert_true(contains(host_log(&h, &u, "events.log"), "\"event\":\"unhealthy\""));
    host_close(&h);
}

TEST(agent_limit_health_by_port)
{
    struct host h;
    struct local_unit u;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(fd, 5), 0);
    host_open(&h, op);
    host_agent(&h, NULL);
    const char *more =
        arena_printf(op->arena,
                     "\"health\":{\"type\":\"http\",\"port\":%d,\"interval\":\"20ms\",\"retries\":1,"
                     "\"timeout\":\"60s\",\"start_period\":0},\"restart\":{\"policy\":\"never\"}",
                     ntohs(at.sin_port))
            .p;
    host_start(&h, "web", "sleep", more, &u);
    static const char *const answers[] = { "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 503 Busy\r\n\r\n" };
    for (size_t i = 0; i < LEN(answers); i++) {
        char request[1024];
        int c = accept(fd, NULL, NULL);
        assert_true(recv(c, request, sizeof request, 0) > 0);
        assert_true(send(c, answers[i], strlen(answers[i]), 0) > 0);
        close(c);
        if (!i) WAIT_FOR(!host_try(&h, LOCAL_STATUS, "web", &u) && str_is(u.health, "healthy"));
    }
    close(fd);
    WAIT_FOR(host_status_is(&h, "web", UNIT_FAILED));
    host_do(&h, LOCAL_STATUS, "web", &u);
    assert_true(contains(u.reason, "unhealthy: HTTP status 503"));
    host_close(&h);
}

TEST(agent_limit_cpu_is_kept)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "hot", "burn 2500 sleep", "\"resources\":{\"cpu\":0.2}", &u);
    assert_true(contains(u.isolation, "cpu limit"));
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "burned "));
    str log = host_log(&h, &u, "out.log");
    size_t at;
    str_find(log, S("burned "), &at);
    long percent = strtol(log.p + at + 7, NULL, 10);
    print_message("a fifth of a core is allowed: %ld %% were had\n", percent);
    assert_true(percent > 0 && percent <= 30);
    /* It ends, pauses and goes on like any other, also in the middle of a moment in which it stands still. */
    host_start(&h, "busy", "burn 100000", "\"resources\":{\"cpu\":0.05},\"stop\":{\"timeout\":\"60s\"}", &u);
    for (int i = 0; i < 3; i++) {
        usleep(150000);
        host_do(&h, LOCAL_PAUSE, "busy", &u);
        assert_int_equal(u.status, UNIT_PAUSED);
        host_do(&h, LOCAL_RESUME, "busy", &u);
        assert_int_equal(u.status, UNIT_RUNNING);
    }
    usleep(150000);
    host_do(&h, LOCAL_STOP, "busy", &u);
    assert_int_equal(u.status, UNIT_STOPPED);
    assert_str(u.reason, S("")); /* not killed after its grace */
    host_close(&h);
}

TEST(agent_limit_health_by_connection)
{
    struct host h;
    struct local_unit u;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* not the agent's */
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(fd, 50), 0);
    host_open(&h, op);
    host_agent(&h, NULL);
    const char *more =
        arena_printf(op->arena,
                     "\"health\":{\"type\":\"tcp\",\"port\":%d,\"interval\":\"20ms\",\"retries\":2,"
                     "\"timeout\":\"2s\",\"start_period\":0},\"restart\":{\"policy\":\"never\"}",
                     ntohs(at.sin_port))
            .p;
    host_start(&h, "tcp", "sleep", more, &u);
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "tcp", &u) && str_is(u.health, "healthy"));
    close(fd); /* nobody listens any more */
    WAIT_FOR(host_status_is(&h, "tcp", UNIT_FAILED));
    host_do(&h, LOCAL_STATUS, "tcp", &u);
    if (!contains(u.reason, "unhealthy: Connection refused"))
        test_fail(__FILE__, __LINE__, "%.*s", STR(u.reason));
    host_close(&h);
}

TEST(agent_limit_a_pause_ends_the_check_under_way)
{
    struct host h;
    struct local_unit u;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    char text[1024];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(fd, 5), 0);
    host_open(&h, op);
    host_agent(&h, NULL);
    const char *more = arena_printf(op->arena,
                                    "\"health\":{\"type\":\"http\",\"port\":%d,\"interval\":\"20ms\","
                                    "\"timeout\":\"1h\",\"start_period\":0}",
                                    ntohs(at.sin_port))
                           .p;
    host_start(&h, "web", "sleep", more, &u);
    int asked = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(recv(asked, text, sizeof text, 0) > 0);
    host_do(&h, LOCAL_PAUSE, "web", NULL);
    WAIT_FOR(recv(asked, text, sizeof text, MSG_DONTWAIT) == 0); /* the shim keeps nothing of it */
    host_do(&h, LOCAL_RESUME, "web", NULL);
    int again = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(again >= 0);
    close(asked);
    close(again);
    close(fd);
    host_close(&h);
}

TEST(agent_limit_isolation_holds_or_is_said)
{
    struct host h;
    struct local_unit u, other;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "other", "sleep", NULL, &other);
    const char *args = arena_printf(op->arena,
                                    "open /etc/netbit-was-here w open %.*s/unit.json r open %.*s/out r open "
                                    "%s/probe w open /tmp/mine w open /etc/passwd r sleep",
                                    STR(other.dir), STR(other.dir), h.home)
                           .p;
    host_start(&h, "box", args, NULL, &u);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "/etc/passwd ok\n"));
    str log = host_log(&h, &u, "out.log");
    assert_true(contains(host_log(&h, &u, "events.log"), "\"event\":\"isolation\""));
    assert_true(contains(log, "/tmp/mine ok\n"));
    str applied;
    str_cut(u.isolation, ';', &applied, &(str){ 0 });
    if (contains(applied, "namespaces")) {
        assert_true(contains(log, "/etc/netbit-was-here Read-only file system\n"));
        assert_true(contains(log, arena_printf(op->arena, "%.*s/unit.json No such file", STR(other.dir)).p));
        assert_false(fs_exists("/etc/netbit-was-here") || fs_exists("/tmp/mine"));
    } else {
        assert_true(contains(u.isolation, "without") && contains(u.isolation, "namespaces ("));
    }
    host_start(&h, "open", "open /dev/null w sleep", "\"sandbox\":{\"profile\":\"none\"}", &u);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "/dev/null ok"));
    host_close(&h);
    unlink("/etc/netbit-was-here"); /* written where nothing forbade it */
    unlink("/tmp/mine");
}

/* The agent takes what it may have; its programs keep what is usual, also when another agent took its place.
 */
TEST(agent_limit_of_descriptors_is_the_agents_own)
{
    struct host h;
    struct local_unit u;
    struct rlimit r;
    host_open(&h, op);
    h.files = 200;
    h.files_max = 300;
    host_agent(&h, NULL);
    host_start(&h, "f", "files sleep", NULL, &u);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(prlimit(h.agent, RLIMIT_NOFILE, NULL, &r), 0);
        assert_int_equal(r.rlim_cur, 300);
        WAIT_FOR(host_log(&h, &u, "out.log").n == (size_t)i * strlen("200 files\n"));
        assert_true(str_ends(host_log(&h, &u, "out.log"), S("200 files\n")));
        if (i == 2) break;
        struct local_request reload = { .op = LOCAL_RELOAD };
        struct local_answer a;
        assert_ok(op, agent_call(&h.conn, op, &reload, &a));
        host_connect(&h);
        WAIT_FOR(host_status_is(&h, "f", UNIT_RUNNING));
        host_do(&h, LOCAL_STOP, "f", NULL);
        host_do(&h, LOCAL_START, "f", NULL); /* a shim of the new agent */
    }
    host_close(&h);
}

/* An agent that cannot have enough descriptors knows nothing of a unit: that is no reason to call it failed.
 */
TEST(agent_limit_of_descriptors_loses_no_unit)
{
    enum { UNITS = 20 };
    struct host h;
    struct local_unit u[UNITS], now;
    host_open(&h, op);
    host_agent(&h, NULL);
    for (int i = 0; i < UNITS; i++) {
        const char *name = arena_printf(op->arena, "u%d", i).p;
        host_start(&h, name, "sleep", NULL, &u[i]);
        WAIT_FOR(host_processes(&u[i]) == 1);
    }
    host_kill_agent(&h);
    for (i64 files = 32; files <= 44; files += 12) {
        h.files = h.files_max = files;
        host_agent(&h, NULL);
        for (int i = 0; i < 20; i++) {
            struct local_request list = { .op = LOCAL_LIST };
            struct local_answer a;
            assert_ok(op, agent_call(&h.conn, op, &list, &a));
            for (size_t k = 0; k < a.units.n; k++) assert_int_not_equal(a.units.item[k].status, UNIT_FAILED);
            test_nap();
        }
        assert_err(op, ERR_LIMIT, host_try_start(&h, "more", "sleep", NULL, &now));
        assert_err(op, ERR_NOT_FOUND, host_try(&h, LOCAL_STATUS, "more", NULL)); /* nothing of it is left */
        host_kill_agent(&h);
    }
    h.files = 0;
    host_agent(&h, NULL);
    for (int i = 0; i < UNITS; i++) {
        const char *name = arena_printf(op->arena, "u%d", i).p;
        WAIT_FOR(host_status_is(&h, name, UNIT_RUNNING));
        host_do(&h, LOCAL_STATUS, name, &now);
        assert_int_equal(now.pid, u[i].pid);
    }
    host_close(&h);
}
