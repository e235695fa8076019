/* Units when something is killed, hangs or lies. Whatever dies, within ten seconds exactly one process of the
 * unit runs and the agent knows it. */
#include "agent/agent_test.h"
#include "agent/unit_file.h"
#include "base/fs.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const char at_once[] = "\"restart\":{\"policy\":\"always\",\"min\":0,\"max\":0,\"budget\":0}";

static bool is_one(struct host *h, const char *name, struct local_unit *u)
{
    if (host_try(h, LOCAL_STATUS, name, u)) {
        op_clear(h->op);
        return false;
    }
    return u->status == UNIT_RUNNING && u->pid > 0 && host_processes(u) == 1 && kill((pid_t)u->pid, 0) == 0;
}

/* state.json may be a moment behind; the parent of a living unit is its shim. */
static i64 shim_of(const struct local_unit *u)
{
    struct proc_stat s;
    assert_true(proc_read(u->pid, &s));
    return s.ppid;
}

TEST(agent_fault_restart_after_a_kill_is_quick)
{
    enum { ROUNDS = 20 };
    struct host h;
    struct local_unit u;
    i64 best = SEC(1), sum = 0;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "k", "sleep", at_once, &u);
    for (int i = 0; i < ROUNDS; i++) {
        i64 pid = u.pid, from = time_mono_us();
        time_us killed = time_now();
        kill((pid_t)pid, SIGKILL);
        WAIT_FOR(is_one(&h, "k", &u) && u.pid != pid);
        i64 took = u.started_at.us - killed.us;
        assert_true(took >= 0 && took <= time_mono_us() - from);
        best = MIN(best, took);
        sum += took;
    }
    print_message("killed to running again: best %.2f ms, mean %.2f ms\n", (double)best / 1e3,
                  (double)sum / ROUNDS / 1e3);
    assert_true(best < MSEC(100)); /* loaded machines and sanitizers; the benchmark measures */
    assert_int_equal(u.restarts, ROUNDS);
    host_close(&h);
}

static bool answers(struct host *h)
{
    if (agent_connect(h->op, AGENT_MUST_RUN, &h->conn) || host_try(h, LOCAL_PING, "", NULL)) {
        op_clear(h->op);
        return false;
    }
    return true;
}

/* Waits for the agent that a shim starts when its own is gone; what is just dying may still take a
 * connection. */
static void reconnect(struct host *h)
{
    i64 until = test_deadline();
    agent_close(&h->conn);
    while (!answers(h)) {
        if (time_mono_us() > until) test_fail(__FILE__, __LINE__, "no agent came back");
        test_nap();
        agent_close(&h->conn);
    }
}

TEST(agent_fault_thirty_random_kills)
{
    enum { ROUNDS = 30, AGENT, SHIM, UNIT, BOTH };
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, "--detached");
    host_start(&h, "chaos", "sleep", at_once, &u);
    i64 agent = host_agent_pid(&h), worst = 0;
    h.agent = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int what = AGENT + (int)rand_below(4);
        i64 shim = shim_of(&u);
        for (u64 k = rand_below(4); k > 0; k--) test_nap();
        i64 from = time_mono_us();
        struct proc_stat old;
        assert_true(proc_read(u.pid, &old));
        if (what == UNIT) kill((pid_t)u.pid, SIGKILL);
        if (what == SHIM || what == BOTH) kill((pid_t)shim, SIGKILL);
        if (what == AGENT) kill((pid_t)agent, SIGKILL);
        if (what == BOTH) kill((pid_t)u.pid, SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        if (what == AGENT) reconnect(&h);
        else WAIT_FOR(!proc_is((struct proc_id){ old.pid, old.start }));
        WAIT_FOR(is_one(&h, "chaos", &u));
        agent = host_agent_pid(&h);
        worst = MAX(worst, time_mono_us() - from);
        assert_int_equal(host_processes(&u), 1);
        if (what == AGENT) assert_int_equal(u.pid, old.pid);
    }
    print_message("worst recovery %.1f ms\n", (double)worst / 1e3);
    host_close(&h);
}

TEST(agent_fault_units_survive_the_agent)
{
    struct host h;
    struct local_unit u, after;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "s", "sleep", NULL, &u);
    host_kill_agent(&h);
    assert_int_equal(kill((pid_t)u.pid, 0), 0);
    kill((pid_t)u.pid, SIGKILL); /* supervised while the agent is away */
    struct local_answer disk;
    WAIT_FOR(!agent_units_on_disk(op, &disk) && disk.units.n == 1 && disk.units.item[0].pid > 0 &&
             disk.units.item[0].pid != u.pid);
    host_agent(&h, NULL);
    WAIT_FOR(host_status_is(&h, "s", UNIT_RUNNING));
    host_do(&h, LOCAL_STATUS, "s", &after);
    assert_int_equal(after.pid, disk.units.item[0].pid);
    assert_int_equal(after.restarts, 1);
    host_close(&h);
}

static bool is_on_disk(struct op *op, const struct local_unit *u)
{
    struct local_answer a;
    return !agent_units_on_disk(op, &a) && a.units.n == 1 && a.units.item[0].pid == u->pid &&
           a.units.item[0].status == UNIT_RUNNING;
}

/* A new agent knows what runs before the shims, which are not given the processor, have told it. */
TEST(agent_fault_what_runs_is_known_at_once)
{
    struct host h;
    struct local_unit u, after;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "s", "sleep", NULL, &u);
    WAIT_FOR(is_on_disk(op, &u));
    i64 shim = shim_of(&u);
    assert_int_equal(kill((pid_t)shim, SIGSTOP), 0);
    host_kill_agent(&h);
    host_agent(&h, NULL);
    host_do(&h, LOCAL_STATUS, "s", &after);
    assert_int_equal(after.status, UNIT_RUNNING);
    assert_int_equal(after.pid, u.pid);
    assert_int_equal(kill((pid_t)shim, SIGCONT), 0);
    host_close(&h);
}

TEST(agent_fault_upgrade_keeps_units)
{
    struct host h;
    struct local_unit u, after;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "up", "sleep", NULL, &u);
    struct local_request r = { .op = LOCAL_RELOAD };
    struct local_answer a;
    assert_ok(op, agent_call(&h.conn, op, &r, &a));
    reconnect(&h);
    WAIT_FOR(host_status_is(&h, "up", UNIT_RUNNING));
    host_do(&h, LOCAL_STATUS, "up", &after);
    assert_int_equal(after.pid, u.pid);
    assert_int_equal(host_agent_pid(&h), h.agent); /* in place */
    host_close(&h);
}

TEST(agent_fault_only_one_agent)
{
    struct host h;
    char program[400];
    int status;
    host_open(&h, op);
    host_agent(&h, NULL);
    snprintf(program, sizeof program, "%s/test-agent", h.children);
    pid_t second = fork();
    if (!second) {
        close(2);
        execl(program, "test-agent", "agent", NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(WEXITSTATUS(status), 1);
    host_close(&h);
}

TEST(agent_fault_stubborn_families_end)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "f", "stubborn daemon daemon sleep", "\"stop\":{\"timeout\":\"200ms\"}", &u);
    WAIT_FOR(host_processes(&u) == 3);
    host_do(&h, LOCAL_STOP, "f", &u);
    assert_int_equal(u.status, UNIT_STOPPED);
    assert_str(u.reason, S("did not end in time: killed"));
    assert_int_equal(host_processes(&u), 0);
    /* What the program leaves behind when it ends goes too. */
    host_start(&h, "g", "daemon wait 50 exit 0", NULL, &u);
    WAIT_FOR(host_status_is(&h, "g", UNIT_STOPPED));
    assert_int_equal(host_processes(&u), 0);
    /* Also when the shim was killed: its orphans are hunted before the unit runs again. */
    host_start(&h, "o", "daemon sleep", at_once, &u);
    WAIT_FOR(host_processes(&u) == 2);
    kill((pid_t)shim_of(&u), SIGKILL);
    i64 pid = u.pid;
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "o", &u) && u.status == UNIT_RUNNING && u.pid != pid &&
             host_processes(&u) == 2);
    host_close(&h);
}

TEST(agent_fault_strangers_pids_are_left_alone)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "pid", "sleep", NULL, &u);
    host_do(&h, LOCAL_STOP, "pid", NULL);
    host_kill_agent(&h);
    /* As if the unit had died with its shim and its numbers now belonged to another process. */
    pid_t stranger = fork();
    if (!stranger) {
        setsid();
        for (;;) pause();
    }
    struct proc_stat s;
    assert_true(proc_read(stranger, &s));
    const char *dir = str_z(op->arena, u.dir);
    struct unit_state t;
    unit_state_read(op, dir, &t);
    t.status = UNIT_RUNNING;
    t.last = 0;
    t.pid = t.shim_pid = stranger;
    t.pid_start = t.shim_start = s.start + 1;
    assert_ok(op, unit_state_write(op, dir, &t));
    host_agent(&h, NULL);
    WAIT_FOR(host_status_is(&h, "pid", UNIT_STOPPED));
    assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
    assert_false(proc_is((struct proc_id){ stranger, s.start + 1 }));
    assert_false(proc_signal((struct proc_id){ stranger, s.start + 1 }, SIGKILL));
    kill(stranger, SIGKILL);
    waitpid(stranger, NULL, 0);
    host_close(&h);
}

TEST(agent_fault_after_a_reboot_units_start)
{
    struct host h;
    struct local_unit u, done;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "boot", "sleep", NULL, &u);
    host_start(&h, "done", "exit 0", NULL, &done);
    WAIT_FOR(host_status_is(&h, "done", UNIT_STOPPED));
    i64 shim = shim_of(&u);
    host_kill_agent(&h);
    kill((pid_t)shim, SIGKILL);
    WAIT_FOR(host_processes(&u) == 0);
    const char *dir = str_z(op->arena, u.dir);
    struct unit_state t;
    unit_state_read(op, dir, &t);
    t.boot_id = S("00000000-0000-0000-0000-000000000000");
    assert_ok(op, unit_state_write(op, dir, &t));
    host_agent(&h, NULL);
    WAIT_FOR(is_one(&h, "boot", &u));
    assert_true(host_status_is(&h, "done", UNIT_STOPPED)); /* had ended by itself */
    host_close(&h);
}

TEST(agent_fault_backs_off_and_gives_up)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "c", "exit 3", "\"restart\":{\"min\":\"10ms\",\"factor\":1,\"budget\":3}", &u);
    WAIT_FOR(host_status_is(&h, "c", UNIT_FAILED));
    host_do(&h, LOCAL_STATUS, "c", &u);
    assert_int_equal(u.restarts, 3);
    assert_int_equal(u.exit_code, 3);
    assert_true(contains(u.reason, "exit 3") && contains(u.reason, "giving up"));
    host_start(&h, "n", "kill 11", "\"restart\":{\"policy\":\"never\"}", &u);
    WAIT_FOR(host_status_is(&h, "n", UNIT_FAILED));
    host_do(&h, LOCAL_STATUS, "n", &u);
    assert_str(u.reason, S("killed by signal 11 (SEGV)"));
    assert_int_equal(u.exit_code, 139);
    /* Stopped while it waits for its next try. */
    host_start(&h, "w", "exit 1", "\"restart\":{\"min\":\"60s\",\"max\":\"60s\"}", &u);
    WAIT_FOR(!host_try(&h, LOCAL_STATUS, "w", &u) && u.restart_at.us);
    assert_int_equal(u.status, UNIT_STARTING);
    host_do(&h, LOCAL_STOP, "w", &u);
    assert_int_equal(u.status, UNIT_STOPPED);
    host_close(&h);
}

TEST(agent_fault_killed_in_a_pause)
{
    static const char *const how[] = { at_once, "\"restart\":{\"policy\":\"always\",\"min\":\"20ms\"}" };
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    for (size_t i = 0; i < LEN(how); i++) {
        host_start(&h, "k", "sleep", how[i], &u);
        WAIT_FOR(is_one(&h, "k", &u));
        host_do(&h, LOCAL_PAUSE, "k", &u);
        i64 pid = u.pid;
        assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
        /* It comes back, and its owner's wish still holds. */
        WAIT_FOR(!host_try(&h, LOCAL_STATUS, "k", &u) && u.status == UNIT_PAUSED && u.pid != pid);
        assert_int_equal(u.restarts, 1);
        host_do(&h, LOCAL_RESUME, "k", &u);
        WAIT_FOR(is_one(&h, "k", &u));
        host_do(&h, LOCAL_REMOVE, "k", NULL);
    }
    host_close(&h);
}

/* The agent writes down what is wished before it gives the order. */
static void wish(struct host *h, const struct local_unit *u, int desired)
{
    struct unit_file f;
    const char *dir = str_z(h->op->arena, u->dir);
    assert_ok(h->op, unit_file_read(h->op, dir, &f));
    f.desired = desired;
    assert_ok(h->op, unit_file_write(h->op, dir, &f));
}

TEST(agent_fault_between_a_wish_and_its_order)
{
    static const struct {
        int before, wish, status;
    } way[] = {
        { LOCAL_PAUSE, DESIRED_RUNNING, UNIT_RUNNING },
        { LOCAL_PING, DESIRED_PAUSED, UNIT_PAUSED },
        { LOCAL_PING, DESIRED_STOPPED, UNIT_STOPPED },
        { LOCAL_PAUSE, DESIRED_STOPPED, UNIT_STOPPED },
    };
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    for (size_t i = 0; i < LEN(way); i++) {
        host_start(&h, "w", "sleep", NULL, &u);
        WAIT_FOR(is_one(&h, "w", &u));
        host_do(&h, way[i].before, "w", NULL);
        host_kill_agent(&h);
        wish(&h, &u, way[i].wish);
        host_agent(&h, NULL);
        WAIT_FOR(host_status_is(&h, "w", way[i].status));
        host_do(&h, LOCAL_REMOVE, "w", NULL);
    }
    host_close(&h);
}

TEST(agent_fault_in_the_middle_of_a_removal)
{
    struct host h;
    struct local_unit u;
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "stays", "sleep", NULL, &u);
    host_kill_agent(&h);
    const char *gone =
        arena_printf(op->arena, "%.*s/.gone-%.*s", STR(fs_dir_name(u.dir)), STR(fs_base_name(u.dir))).p;
    assert_ok(op, fs_make_dirs(op, arena_printf(op->arena, "%s/data/deep", gone).p, 0700));
    assert_ok(op, fs_replace(op, arena_printf(op->arena, "%s/data/deep/file", gone).p, S("x"), 0600));
    host_agent(&h, NULL);
    assert_false(fs_exists(gone));
    WAIT_FOR(is_one(&h, "stays", &u));
    host_close(&h);
}

static const char *put(struct op *op, const char *dir, const char *name, const char *text)
{
    const char *path = arena_printf(op->arena, "%s/%s", dir, name).p;
    assert_ok(op, fs_make_dirs(op, str_z(op->arena, fs_dir_name(str_of(path))), 0700));
    assert_ok(op, fs_replace(op, path, str_of(text), 0600));
    return path;
}

/* An agent that is killed makes folders of which nobody has heard yet; others may hold something of
 * somebody's. */
TEST(agent_fault_in_the_middle_of_a_beginning)
{
    static const struct {
        const char *part, *file, *text;
        bool stays;
    } left[] = {
        { "", NULL, NULL, false },           { "data", NULL, NULL, false },
        { "logs", NULL, NULL, false },       { "tmp", "unit.json.tmp", "{\"spec\":{", false },
        { "logs", "unit.json", "", false },  { "logs", "unit.json", "{\"spec\":{", true },
        { "logs", "data/model", "x", true }, { "logs", "logs/out.log", "", true },
        { "logs", "notes", "", true },       { "data/deep", NULL, NULL, true },
    };
    struct host h;
    struct local_unit u;
    const char *dir[LEN(left)];
    char id[UUID_TEXT];
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "stays", "sleep", NULL, &u);
    host_kill_agent(&h);
    for (size_t i = 0; i < LEN(left); i++) {
        dir[i] =
            arena_printf(op->arena, "%.*s/%.*s", STR(fs_dir_name(u.dir)), STR(uuid_text(uuid_new(), id))).p;
        assert_ok(op, fs_make_dirs(op, arena_printf(op->arena, "%s/%s", dir[i], left[i].part).p, 0700));
        if (left[i].file) put(op, dir[i], left[i].file, left[i].text);
    }
    host_agent(&h, NULL);
    for (size_t i = 0; i < LEN(left); i++) {
        assert_int_equal(fs_exists(dir[i]), left[i].stays);
        assert_int_equal(fs_exists(arena_printf(op->arena, "%s/%s", dir[i], left[i].part).p), left[i].stays);
    }
    WAIT_FOR(is_one(&h, "stays", &u));
    host_close(&h);
}

/* What stands in the place of a new unit is somebody's: it is neither used nor lost. */
TEST(agent_fault_a_new_unit_takes_no_folder)
{
    struct host h;
    struct local_unit u;
    struct unit_spec spec;
    char text[UUID_TEXT];
    host_open(&h, op);
    host_agent(&h, NULL);
    host_start(&h, "first", "sleep", NULL, &u);
    str id = uuid_text(uuid_new(), text);
    const char *dir = arena_printf(op->arena, "%.*s/%.*s", STR(fs_dir_name(u.dir)), STR(id)).p;
    const char *file = put(op, dir, "data/model", "dear");
    str json = arena_printf(op->arena,
                            "{\"unit_id\":\"%.*s\",\"package_name\":\"test\",\"package_dir\":\"%s\","
                            "\"entry\":{\"command\":\"./test-child\",\"args\":[\"sleep\"]}}",
                            STR(id), h.children);
    assert_ok(op, desc_read(op, &unit_spec_desc, json, &spec));
    assert_err(op, ERR_CONFLICT, agent_start(&h.conn, op, &spec, &u));
    assert_true(fs_exists(file));
    host_close(&h);
}
