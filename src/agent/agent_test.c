/* Units in ordinary life. */
#include "agent/agent_test.h"
#include "agent/logread.h"
#include "base/fs.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(agent_starts_lists_stops_and_removes)
{
    struct host h;
    struct local_unit u, again;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "one", "say hello complain oops sleep", NULL, &u);
    assert_int_equal(u.status, UNIT_RUNNING);
    WAIT_FOR(host_processes(&u) == 1); /* it is known to run a moment before exec has ended */
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "hello\n") &&
             contains(host_log(&h, &u, "out.log"), "oops\n"));
    char id[UUID_TEXT];
    uuid_text(u.unit_id, id);
    id[35] = 0; /* by a beginning of its id */
    host_do(&h, LOCAL_STOP, id, &again);
    assert_int_equal(again.status, UNIT_STOPPED);
    assert_int_equal(again.desired, DESIRED_STOPPED);
    assert_int_equal(again.pid, 0);
    assert_int_equal(host_processes(&u), 0);
    host_do(&h, LOCAL_START, "one", &again);
    assert_int_equal(again.status, UNIT_RUNNING);
    assert_int_equal(host_try(&h, LOCAL_START, "one", NULL), ERR_CONFLICT);
    op_clear(op);
    host_do(&h, LOCAL_REMOVE, "one", NULL);
    assert_false(fs_exists(str_z(op->arena, u.dir)));
    assert_err(op, ERR_NOT_FOUND, host_try(&h, LOCAL_STATUS, "one", NULL));
    host_close(&h);
}

TEST(agent_restart_gives_a_new_process)
{
    struct host h;
    struct local_unit u, after;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "r", "sleep", NULL, &u);
    host_do(&h, LOCAL_RESTART, "r", &after);
    assert_int_equal(after.status, UNIT_RUNNING);
    assert_int_not_equal(after.pid, u.pid);
    assert_int_equal(after.restarts, 0); /* its owner did it */
    WAIT_FOR(host_processes(&u) == 1);
    host_close(&h);
}

/* The unit's control group goes on counting: what the process before has spent is not the new one's. */
TEST(agent_measures_a_new_process_alone)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "m", "burn 2000 say burnt sleep", NULL, &u);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "burnt\n"));
    host_do(&h, LOCAL_RESTART, "m", &u);
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "m", &u) && u.rss_bytes > 0);
    assert_true(u.cpu_percent < 150); /* it has one thread */
    host_close(&h);
}

TEST(agent_pauses_and_resumes)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "p", "sleep", NULL, &u);
    host_do(&h, LOCAL_PAUSE, "p", &u);
    assert_int_equal(u.status, UNIT_PAUSED);
    assert_err(op, ERR_CONFLICT, host_try(&h, LOCAL_PAUSE, "p", NULL));
    host_do(&h, LOCAL_RESUME, "p", &u);
    assert_int_equal(u.status, UNIT_RUNNING);
    host_do(&h, LOCAL_PAUSE, "p", &u);
    host_do(&h, LOCAL_STOP, "p", &u); /* also out of a pause, without waiting for the grace to pass */
    assert_int_equal(u.status, UNIT_STOPPED);
    assert_str(u.reason, S(""));
    host_close(&h);
}

static void send_raw(struct host *h, const char *text, struct local_answer *out)
{
    char line[65536];
    size_t n = 0;
    assert_true(send(h->conn.fd, text, strlen(text), 0) > 0);
    while (!n || line[n - 1] != '\n') {
        ssize_t k = recv(h->conn.fd, line + n, sizeof line - n, 0);
        assert_true(k > 0);
        n += (size_t)k;
    }
    assert_ok(h->op, desc_read_answer(h->op, &local_answer_desc, (str){ line, n - 1 }, out));
}

TEST(agent_refuses_bad_requests)
{
    static const char *const bad[] = {
        "\n",
        "{}\n",
        "[]\n",
        "nonsense\n",
        "{\"op\":\"fly\"}\n",
        "{\"op\":\"stop\"}\n",
        "{\"op\":\"stop\",\"unit\":\"no\"}\n",
        "{\"op\":\"start\"}\n",
        "{\"op\":\"start\",\"spec\":{}}\n",
        "{\"op\":\"start\",\"spec\":[1]}\n",
        "{\"op\":\"start\",\"spec\":{\"package_name\":\"p\",\"package_dir\":\"relative\",\"entry\":{"
        "\"command\":\"x\"}}}\n",
        "{\"op\":\"start\",\"spec\":{\"package_name\":\"p\",\"package_dir\":\"/a/../"
        "b\",\"entry\":{\"command\":\"x\"}}}\n",
        "{\"op\":\"start\",\"spec\":{\"package_name\":\"p\",\"package_dir\":\"/"
        "tmp\",\"entry\":{\"command\":\"./none\"}}}\n",
        "{\"op\":\"start\",\"spec\":{\"package_name\":\"p\",\"package_dir\":\"/"
        "tmp\",\"entry\":{\"command\":\"no-such\"}}}\n",
        "{\"op\":\"start\",\"spec\":{\"package_name\":\"p\",\"package_dir\":\"/"
        "tmp\",\"entry\":{\"command\":\"sh\","
        "\"args\":[\"${port.none}\"]}}}\n",
        "{\"op\":\"list\",\"more\":1}\n",
        "{\"op\":\"list\"} {\"op\":\"list\"}\n",
    };
    struct host h;
    host_open(&h, op);
    host_agent(&h, NULL);
    for (size_t i = 0; i < LEN(bad); i++) {
        struct local_answer a;
        send_raw(&h, bad[i], &a);
        if (a.ok || !a.error.n) test_fail(__FILE__, __LINE__, "taken: %s", bad[i]);
    }
    host_close(&h);
}

TEST(agent_answers_in_order)
{
    struct host h;
    struct local_unit u;
    struct local_answer a;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "o", "stubborn sleep", "\"stop\":{\"timeout\":\"300ms\"}", &u);
    WAIT_FOR(host_status_is(&h, "o", UNIT_RUNNING));
    /* The stop takes its time; what was asked behind it is answered behind it. */
    send_raw(&h, "{\"op\":\"stop\",\"unit\":\"o\"}\n", &a);
    assert_true(a.ok);
    send_raw(&h, "{\"op\":\"status\",\"unit\":\"o\"}\n", &a);
    assert_int_equal(a.units.item[0].status, UNIT_STOPPED);
    host_close(&h);
}

TEST(agent_gives_the_environment)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    const char *secrets = arena_printf(op->arena, "%s/secrets", h.home).p;
    assert_ok(op, fs_replace(op, secrets, S("# keys\nTOKEN=s3cret=1\n\n"), 0600));
    const char *more =
        arena_printf(op->arena,
                     "\"env\":{\"A\":\"${pkg}!\",\"P\":\"${port.web}\"},\"ports\":[{\"name\":\"web\"}],"
                     "\"secrets\":\"%s\"",
                     secrets)
            .p;
    host_start(&h, "e", "env A env P env PORT env TOKEN env NETBIT_UNIT_NAME env HOME env NETBIT_HOME sleep",
               more, &u);
    WAIT_FOR(contains(host_log(&h, &u, "out.log"), "NETBIT_HOME="));
    str log = host_log(&h, &u, "out.log");
    assert_true(contains(log, arena_printf(op->arena, "A=%s!\n", h.children).p));
    assert_true(u.port > 0);
    assert_true(contains(
        log, arena_printf(op->arena, "\nP=%lld\nPORT=%lld\n", (long long)u.port, (long long)u.port).p));
    assert_true(contains(log, "TOKEN=s3cret=1\n"));
    assert_true(contains(log, "NETBIT_UNIT_NAME=e\n"));
    assert_true(contains(log, "NETBIT_HOME=(none)\n")); /* what is the agent's alone does not reach it */
    host_do(&h, LOCAL_STOP, "e", NULL);
    assert_int_equal(chmod(secrets, 0644), 0);
    assert_err(op, ERR_CONFLICT, host_try(&h, LOCAL_START, "e", NULL));
    host_close(&h);
}

TEST(agent_takes_the_units_own_metrics)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(
        &h, "m",
        "send NETBIT_UDP loss,epoch=1 send NETBIT_SOCKET speed,gear=2 send NETBIT_SOCKET heat,at=3 sleep",
        NULL, &u);
    WAIT_FOR(contains(host_log(&h, &u, "metrics.log"), "heat,at=3\n"));
    str log = host_log(&h, &u, "metrics.log");
    assert_true(contains(log, "loss,epoch=1\n") && contains(log, "speed,gear=2\n"));
    host_close(&h);
}

/* A home of `length` bytes. */
static const char *long_home(struct op *op, size_t length)
{
    struct buf b = BUF(op->arena);
    buf_printf(&b, "%s/", test_dir());
    while (b.n < length) buf_char(&b, 'h');
    return str_z(op->arena, buf_str(&b));
}

/* Programs cannot name a socket by more than 107 bytes; the unit's own directory is 67 below the home. */
TEST(agent_takes_metrics_in_a_long_home)
{
    struct host h;
    struct local_unit u;
    host_open_at(&h, op, long_home(op, 70));
    host_agent(&h, NULL);
    static const char *const how[] = { "default", "strict", "none" };
    const char *links = arena_printf(op->arena, "%s/spark/sock", h.home).p;
    for (size_t i = 0; i < LEN(how); i++) {
        host_start(&h, how[i], "send NETBIT_SOCKET heat,at=3 sleep",
                   arena_printf(op->arena, "\"sandbox\":{\"profile\":\"%s\"}", how[i]).p, &u);
        WAIT_FOR(contains(host_log(&h, &u, "metrics.log"), "heat,at=3\n") || host_log(&h, &u, "out.log").n);
        assert_str(host_log(&h, &u, "out.log"), S("")); /* it would say what is wrong */
        host_do(&h, LOCAL_RESTART, how[i], NULL);
        WAIT_FOR(contains(host_log(&h, &u, "metrics.log"), "heat,at=3\nheat,at=3\n"));
    }
    host_do(&h, LOCAL_REMOVE, how[2], NULL);
    host_do(&h, LOCAL_REMOVE, how[1], NULL);
    host_do(&h, LOCAL_REMOVE, how[0], NULL);
    assert_int_equal(rmdir(links), 0); /* none is left in it */
    host_close(&h);
}

TEST(agent_says_when_there_is_no_room_for_a_socket)
{
    struct host h;
    struct local_unit u;
    host_open_at(&h, op, long_home(op, 100));
    host_agent(&h, NULL);
    host_start(&h, "deep", "env NETBIT_SOCKET send NETBIT_UDP heat,at=3 sleep", NULL, &u);
    WAIT_FOR(contains(host_log(&h, &u, "metrics.log"), "heat,at=3\n"));
    assert_str(host_log(&h, &u, "out.log"), S("NETBIT_SOCKET=(none)\n"));
    assert_true(contains(host_log(&h, &u, "events.log"), "\"event\":\"metrics_socket\""));
    host_close(&h);
}

static bool is_next(void *ctx, const struct log_line *l)
{
    u64 *next = ctx;
    char want[16];
    snprintf(want, sizeof want, "%010llu", (unsigned long long)*next);
    assert_true(l->number == *next && str_starts(l->text, str_of(want)));
    ++*next;
    return true;
}

TEST(agent_captures_fast_and_exactly)
{
    enum { LINES = 1000000 };
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    static const char *const how[] = { "lines", "writes" };
    for (size_t i = 0; i < LEN(how); i++) {
        const char *args = arena_printf(op->arena, "%s %d", how[i], LINES).p;
        i64 from = time_mono_us();
        host_start(&h, how[i], args,
                   "\"logs\":{\"rotate\":\"8M\",\"keep\":100},\"restart\":{\"policy\":\"never\"}", &u);
        WAIT_FOR(host_status_is(&h, how[i], UNIT_STOPPED));
        i64 took = time_mono_us() - from;
        print_message("%s: %.2f M lines/s\n", how[i], LINES / (double)took);
        u64 next = 1;
        assert_ok(op, log_read_last(op, str_z(op->arena, u.dir), -1, is_next, &next));
        assert_int_equal(next - 1, LINES);
    }
    host_close(&h);
}
