/* The agent and a server that forgets, hangs up and is told everything exactly once all the same. The server
 * is ours (net/http with one socket), the agent and its units are real processes. */
#include "agent/agent_test.h"
#include "base/fs.h"
#include "feature/account/right.h"
#include "net/http.h"
#include "port/ports.h"
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the server has heard; touched by one worker at a time, read by the test. */
static struct {
    pthread_mutex_t lock;
    uuid epoch;
    i64 have;               /* last report taken */
    u64 next_line, dropped; /* of the unit's numbered lines; lines told as dropped */
    i64 hang_up_at[4];      /* after taking these reports, before acknowledging them */
    bool out_of_order;
    bool hold;     /* no welcome yet */
    i64 beat_s;    /* what a welcome says of beats */
    i64 measured;  /* the last process that a beat had figures of */
    uuid told;     /* the last unit of a hello or a beat */
    bool stranger; /* a record came of a unit that was told in neither */
    int statuses, metrics, events, hellos;
    uuid done;
    bool done_ok;
    struct ws *ws;
} heard = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void say(struct op *op, struct ws *ws, const struct wire_msg *m)
{
    struct buf b = BUF(op->arena);
    wire_write(&b, m);
    ws_send(ws, true, buf_str(&b));
}

static void take_telemetry(struct op *op, const struct telemetry *t)
{
    i64 number;
    heard.stranger |= !uuid_eq(t->unit_id, heard.told);
    heard.metrics += t->telemetry_type == TELEMETRY_METRIC;
    heard.events += t->telemetry_type == TELEMETRY_EVENT;
    if (t->telemetry_type == TELEMETRY_EVENT && t->data.s.p && contains(t->data.s, "log_dropped")) {
        size_t at;
        str_find(t->data.s, S("\"lines\":"), &at);
        u64 n = strtoull(t->data.s.p + at + 8, NULL, 10);
        heard.dropped += n;
        heard.next_line += n;
    }
    (void)op;
    if (t->telemetry_type != TELEMETRY_LOG || !str_to_i64(str_head(t->message, 10), &number)) return;
    heard.out_of_order |= (u64)number != heard.next_line;
    heard.next_line = (u64)number + 1;
}

static bool take_report(struct op *op, const struct wire_msg *m)
{
    heard.out_of_order |= m->seq > heard.have + 1;
    if (m->seq != heard.have + 1) return true;
    for (size_t i = 0; i < m->records.n; i++) {
        if (m->records.item[i].kind == RECORD_UNIT) heard.statuses++;
        else take_telemetry(op, &m->records.item[i].telemetry);
    }
    heard.have = m->seq;
    for (size_t i = 0; i < LEN(heard.hang_up_at); i++)
        if (heard.hang_up_at[i] == m->seq) {
            heard.hang_up_at[i] = 0;
            return false;
        }
    return true;
}

static void welcome(struct op *op)
{
    say(op, heard.ws,
        &(struct wire_msg){
            .type = WIRE_WELCOME, .epoch = heard.epoch, .seq = heard.have, .heartbeat_s = heard.beat_s });
}

static void handle(struct op *op, struct ws *ws, const struct wire_msg *m)
{
    if (m->units.n) heard.told = m->units.item[m->units.n - 1].unit_id;
    if (m->units.n && m->units.item[0].rss_bytes > 0) heard.measured = m->units.item[0].pid;
    if (m->type == WIRE_HELLO) {
        heard.hellos++;
        if (!uuid_eq(heard.epoch, m->epoch)) heard.have = 0;
        heard.epoch = m->epoch;
        heard.ws = ws;
        if (!heard.hold) welcome(op);
    } else if (m->type == WIRE_REPORT && heard.ws == ws) {
        if (take_report(op, m))
            say(op, ws, &(struct wire_msg){ .type = WIRE_ACK, .epoch = m->epoch, .seq = heard.have });
        else {
            heard.ws = NULL;
            ws_close(ws, 1011, S("cut off"));
        }
    } else if (m->type == WIRE_DONE) {
        heard.done = m->id;
        heard.done_ok = m->ok;
    }
}

static void on_message(struct ws *ws, void *ctx UNUSED, bool text UNUSED, str data)
{
    struct arena arena = { 0 };
    struct op op = test_op(&arena);
    struct wire_msg m;
    pthread_mutex_lock(&heard.lock);
    if (wire_read(&op, data, &m)) heard.out_of_order = true;
    else handle(&op, ws, &m);
    pthread_mutex_unlock(&heard.lock);
    arena_free(&arena);
}

static void on_closed(struct ws *ws, void *ctx UNUSED)
{
    pthread_mutex_lock(&heard.lock);
    if (heard.ws == ws) heard.ws = NULL;
    pthread_mutex_unlock(&heard.lock);
    ws_unref(ws);
}

static const struct ws_handler handler = { .max_message = WIRE_MAX_BYTES,
                                           .message = on_message,
                                           .closed = on_closed };
static err_t open_socket(struct op *op UNUSED, const void *in UNUSED, struct ws *ws,
                         const struct ws_handler **out, void **ctx)
{
    ws_ref(ws);
    *out = &handler;
    *ctx = NULL;
    return OK;
}
static const struct http_socket socket_row = { "agent_socket", &nothing_desc, open_socket };
static const struct route routes[] = {
    { GET, "/api/spark/agent", .socket = &socket_row, .auth = RIGHT_PUBLIC, .doc = "Agents." },
};

static err_t anybody(struct op *op UNUSED, str authorization UNUSED, struct principal *out)
{
    *out = principal_nobody;
    return OK;
}

static struct http *server_start(struct op *op, str listen)
{
    static const struct ports none;
    struct http *http;
    const struct route *table = routes;
    size_t n = LEN(routes);
    struct http_options o = { .listen = listen, .ports = &none, .authenticate = anybody, .workers = 1 };
    assert_ok(op, http_start(op, &o, &table, &n, 1, &http));
    return http;
}

static void sign_in_at(struct op *op, int port)
{
    assert_ok(op, fs_make_dirs(op, spark_path(op, "").p, 0700));
    str login = arena_printf(op->arena, "{\"server\":\"http://127.0.0.1:%d\",\"token\":\"t\"}", port);
    assert_ok(op, fs_replace(op, spark_path(op, "login.json").p, login, 0600));
}

/* Has heard nothing yet. */
static struct http *server_anew(struct op *op, bool hold)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    memset(&heard, 0, sizeof heard);
    heard.lock = lock;
    heard.next_line = 1;
    heard.hold = hold;
    heard.beat_s = 1;
    return server_start(op, S("127.0.0.1:0"));
}

static struct http *begin(struct host *h, struct op *op, bool hold)
{
    struct http *http = server_anew(op, hold);
    host_open(h, op);
    sign_in_at(op, http_port(http));
    host_agent(h, NULL);
    return http;
}

static u64 lines_heard(void)
{
    pthread_mutex_lock(&heard.lock);
    u64 n = heard.next_line - 1;
    pthread_mutex_unlock(&heard.lock);
    return n;
}

TEST(agent_uplink_tells_everything_once)
{
    enum { LINES = 20000 };
    struct host h;
    struct local_unit u;
    struct http *http = begin(&h, op, false);
    heard.hang_up_at[0] = 3;
    heard.hang_up_at[1] = 7;
    host_start(&h, "u", arena_printf(op->arena, "lines %d sleep", LINES).p,
               "\"logs\":{\"rate\":1000000,\"rotate\":\"256k\",\"keep\":50}", &u);
    WAIT_FOR(lines_heard() >= LINES / 4);
    host_kill_agent(&h);
    host_agent(&h, NULL);
    WAIT_FOR(lines_heard() >= LINES);
    assert_int_equal(lines_heard(), LINES);
    assert_false(heard.out_of_order);
    assert_int_equal(heard.dropped, 0);
    assert_true(heard.hellos >= 3);
    assert_true(heard.statuses > 0 && heard.events > 0);
    host_close(&h);
    http_stop(http, SEC(1));
}

/* The server takes long to answer hello, and a unit begins meanwhile: it is told of before its records. */
TEST(agent_uplink_tells_of_units_that_began_before_the_welcome)
{
    struct host h;
    struct local_unit u;
    struct http *http = begin(&h, op, true);
    WAIT_FOR(heard.ws);
    host_start(&h, "early", "lines 3 sleep", NULL, &u);
    WAIT_FOR(host_status_is(&h, "early", UNIT_RUNNING));
    pthread_mutex_lock(&heard.lock);
    welcome(op);
    pthread_mutex_unlock(&heard.lock);
    WAIT_FOR(lines_heard() >= 3 && heard.statuses > 0);
    assert_false(heard.stranger);
    host_close(&h);
    http_stop(http, SEC(1));
}

static i64 measured(void)
{
    pthread_mutex_lock(&heard.lock);
    i64 pid = heard.measured;
    pthread_mutex_unlock(&heard.lock);
    return pid;
}

/* The next beat of all is an hour away: what a process uses is told once it was measured, of each process
 * anew. */
TEST(agent_uplink_tells_first_figures_at_once)
{
    struct host h;
    struct local_unit u;
    struct http *http = begin(&h, op, true);
    heard.beat_s = 3600;
    WAIT_FOR(heard.ws);
    pthread_mutex_lock(&heard.lock);
    welcome(op);
    pthread_mutex_unlock(&heard.lock);
    host_start(&h, "measured", "sleep", NULL, &u);
    WAIT_FOR(measured() == u.pid);
    host_do(&h, LOCAL_RESTART, "measured", &u);
    WAIT_FOR(measured() == u.pid);
    host_close(&h);
    http_stop(http, SEC(1));
}

TEST(agent_uplink_counts_what_a_flood_loses)
{
    enum { LINES = 200000 };
    struct host h;
    struct local_unit u;
    struct http *http = begin(&h, op, false);
    host_start(&h, "f", arena_printf(op->arena, "lines %d sleep", LINES).p, NULL, &u);
    WAIT_FOR(lines_heard() >= LINES);
    assert_int_equal(lines_heard(), LINES); /* told or counted, each once */
    assert_false(heard.out_of_order);
    assert_true(heard.dropped > LINES / 2 && heard.dropped < LINES);
    host_close(&h);
    http_stop(http, SEC(1));
}

TEST(agent_uplink_obeys_commands_even_twice)
{
    struct host h;
    struct local_unit u;
    struct http *http = begin(&h, op, false);
    host_start(&h, "c", "sleep", NULL, &u);
    WAIT_FOR(heard.ws && heard.statuses > 0);
    static const struct {
        int action, status;
    } steps[] = { { ACTION_PAUSE, UNIT_PAUSED },   { ACTION_PAUSE, UNIT_PAUSED },
                  { ACTION_RESUME, UNIT_RUNNING }, { ACTION_RESTART, UNIT_RUNNING },
                  { ACTION_STOP, UNIT_STOPPED },   { ACTION_STOP, UNIT_STOPPED },
                  { ACTION_START, UNIT_RUNNING },  { ACTION_START, UNIT_RUNNING } };
    for (size_t i = 0; i < LEN(steps); i++) {
        uuid id = uuid_new();
        pthread_mutex_lock(&heard.lock);
        say(op, heard.ws,
            &(struct wire_msg){
                .type = WIRE_COMMAND, .id = id, .unit_id = u.unit_id, .action = steps[i].action });
        pthread_mutex_unlock(&heard.lock);
        WAIT_FOR(uuid_eq(heard.done, id));
        assert_true(heard.done_ok);
        assert_true(host_status_is(&h, "c", steps[i].status));
    }
    uuid id = uuid_new();
    say(op, heard.ws,
        &(struct wire_msg){ .type = WIRE_COMMAND, .id = id, .unit_id = u.unit_id, .action = ACTION_REMOVE });
    WAIT_FOR(uuid_eq(heard.done, id));
    assert_err(op, ERR_NOT_FOUND, host_try(&h, LOCAL_STATUS, "c", NULL));
    host_close(&h);
    http_stop(http, SEC(1));
}

/* A server that takes connections and says nothing. */
struct silent {
    int fd;
    int asked; /* the agent's connection: it waits for an answer */
};

static void silence_begin(struct silent *s, struct host *h, struct op *op)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(listen(s->fd, 50), 0);
    host_open(h, op);
    sign_in_at(op, ntohs(at.sin_port));
    host_agent(h, NULL);
    s->asked = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(s->asked >= 0);
}

static void silence_end(struct silent *s)
{
    close(s->asked);
    close(s->fd);
}

/* It does not hold up an agent that is to begin anew. */
TEST(agent_uplink_begins_anew_while_it_opens)
{
    struct host h;
    struct silent silent;
    struct local_request reload = { .op = LOCAL_RELOAD };
    struct local_answer a;
    silence_begin(&silent, &h, op);
    i64 from = time_mono_us();
    assert_ok(op, agent_call(&h.conn, op, &reload, &a));
    int again = accept4(silent.fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(again >= 0);
    i64 took = time_mono_us() - from;
    print_message("it asked again after %.0f ms\n", (double)took / 1e3);
    assert_true(took < SEC(15)); /* a connection is given up after twenty */
    host_connect(&h);
    close(again);
    silence_end(&silent);
    host_close(&h);
}

/* Nor one that is to end; what its units wrote reaches the next server. */
TEST(agent_uplink_ends_while_it_opens)
{
    enum { LINES = 1000 };
    struct host h;
    struct local_unit u;
    struct silent silent;
    int status;
    silence_begin(&silent, &h, op);
    host_start(&h, "u", arena_printf(op->arena, "lines %d sleep", LINES).p, "\"logs\":{\"rate\":1000000}",
               &u);
    i64 from = time_mono_us();
    assert_int_equal(kill(h.agent, SIGTERM), 0);
    assert_int_equal(waitpid(h.agent, &status, 0), h.agent);
    i64 took = time_mono_us() - from;
    print_message("it ended after %.0f ms\n", (double)took / 1e3);
    assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
    assert_true(took < SEC(15));
    silence_end(&silent);
    struct http *http = server_anew(op, false);
    sign_in_at(op, http_port(http));
    host_agent(&h, NULL);
    WAIT_FOR(lines_heard() >= LINES && heard.statuses > 0);
    assert_int_equal(lines_heard(), LINES);
    assert_false(heard.out_of_order);
    assert_int_equal(heard.dropped, 0);
    host_close(&h);
    http_stop(http, SEC(1));
}
