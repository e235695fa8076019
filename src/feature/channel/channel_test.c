/* The live channel over real sockets: what a client says, hears, and what it may. */
#include "feature/channel/channel_test_util.h"
#include <unistd.h>

WORLD(channel_state)
{
    know();
    struct ear *e = dial(w, (str){ 0 });
    assert_false(channel_wanted(S("t/a/state")));
    i64 chan = subscribe(e, "t/a/state");
    str snap = hear_op(e, "snap");
    assert_int_equal(number(e, snap, "chan"), chan);
    assert_str(part(e, snap, "data.name"), S("a"));
    assert_true(channel_wanted(S("t/a/state")));
    send_numbered("t/b/state", NULL, 1); /* nobody listens */
    send_numbered("t/a/state", NULL, 2);
    str evt = hear_op(e, "evt");
    assert_int_equal(number(e, evt, "chan"), chan);
    assert_int_equal(number(e, evt, "data.n"), 2);
    assert_int_equal(number(e, evt, "seq"), 1);
    assert_true(number(e, evt, "rev") > 1000000000000000);
    tell(e, "{\"op\":\"unsub\",\"chan\":%lld}", (long long)chan);
    tell(e, "{\"op\":\"unsub\",\"chan\":%lld}", (long long)chan); /* twice is fine */
    subscribe(e, "t/c/state");                                    /* so both have been done */
    hear_op(e, "snap");
    send_numbered("t/a/state", NULL, 3);
    quiet(e);
    hang_up(e);
}

/* The newest of each key, whatever was missed. */
WORLD(channel_list_conflates)
{
    know();
    struct person ann = world_person(w, "ann");
    struct ear *e = dial(w, ann.token);
    i64 chan = subscribe(e, "t/list");
    tell(e, "{\"op\":\"pause\",\"chan\":%lld}", (long long)chan);
    tell(e, "{\"op\":\"sub\",\"id\":8,\"topic\":\"t/list\"}"); /* again, by itself: it is not paused */
    str ok = hear_op(e, "sub.ok");
    i64 other = number(e, ok, "chan");
    assert_true(other != chan);
    send_numbered("t/list", "x", 1);
    assert_int_equal(number(e, hear_op(e, "evt"), "chan"), other);
    tell(e, "{\"op\":\"unsub\",\"chan\":%lld}", (long long)other);
    tell(e, "{\"op\":\"nonsense\"}");
    hear_op(e, "err");
    for (int i = 2; i < 1000; i++) send_numbered("t/list", i % 2 ? "y" : "x", i);
    tell(e, "{\"op\":\"resume\",\"chan\":%lld}", (long long)chan);
    str x = hear_op(e, "evt"), y = hear_op(e, "evt");
    assert_int_equal(number(e, x, "data.n"), 998);
    assert_str(part(e, x, "key"), S("x"));
    assert_int_equal(number(e, y, "data.n"), 999);
    assert_str(part(e, y, "key"), S("y"));
    quiet(e);
    /* Without a snapshot a newcomer gets what is known. */
    struct ear *late = dial(w, ann.token);
    subscribe(late, "t/list");
    assert_int_equal(number(late, hear_op(late, "evt"), "data.n"), 998);
    assert_int_equal(number(late, hear_op(late, "evt"), "data.n"), 999);
    hang_up(e);
    hang_up(late);
}

static void continue_at(struct ear *e, i64 epoch, i64 seq)
{
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/events\",\"from\":{\"epoch\":%lld,\"seq\":%lld}}",
         (long long)epoch, (long long)seq);
}

WORLD(channel_resumes)
{
    know();
    struct ear *e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/events\"}");
    i64 epoch = number(e, hear_op(e, "sub.ok"), "epoch"), seq = 0;
    for (int i = 0; i < 3; i++) send_numbered("t/a/events", NULL, i);
    for (int i = 0; i < 3; i++) seq = number(e, hear_op(e, "evt"), "seq");
    hang_up(e);
    for (int i = 3; i < 5; i++) send_numbered("t/a/events", NULL, i); /* while nobody is there */
    e = dial(w, (str){ 0 });
    continue_at(e, epoch, seq);
    assert_int_equal(number(e, hear_op(e, "sub.ok"), "epoch"), epoch);
    assert_int_equal(number(e, hear_op(e, "evt"), "data.n"), 3);
    assert_int_equal(number(e, hear_op(e, "evt"), "data.n"), 4);
    quiet(e);
    hang_up(e);
    for (int i = 5; i < 2000; i++) send_numbered("t/a/events", NULL, i); /* more than is kept */
    e = dial(w, (str){ 0 });
    continue_at(e, epoch, seq);
    hear_op(e, "sub.ok");
    str gap = hear_op(e, "gap");
    i64 dropped = number(e, gap, "dropped");
    assert_int_equal(dropped, 1997 - 1024);
    str evt = hear_op(e, "evt");
    assert_int_equal(number(e, evt, "seq"), number(e, gap, "seq"));
    assert_int_equal(number(e, evt, "data.n"), 3 + dropped);
    hang_up(e);
    e = dial(w, (str){ 0 }); /* what was another server's is not known */
    continue_at(e, epoch + 1, seq);
    hear_op(e, "sub.ok");
    str resync = hear_op(e, "resync");
    assert_int_equal(number(e, resync, "epoch"), epoch);
    assert_int_equal(number(e, resync, "seq"), 2000);
    quiet(e);
    hang_up(e);
}

/* 64 messages of credit; the oldest lines give way and the reader is told how many. */
WORLD(channel_credit)
{
    enum { LINES = 5000 };
    know();
    struct ear *e = dial(w, (str){ 0 });
    i64 chan = subscribe(e, "t/a/log"), seq = 0, seen = 0, dropped = 0;
    for (int i = 0; i < 100; i++) send_numbered("t/a/log", NULL, i);
    for (; seen < 64; seen++) seq = number(e, hear_op(e, "evt"), "seq");
    quiet(e);
    tell(e, "{\"op\":\"ack\",\"chan\":%lld,\"seq\":%lld}", (long long)chan, (long long)seq - 60);
    for (int i = 0; i < 4; i++, seen++) assert_int_equal(number(e, hear_op(e, "evt"), "seq"), ++seq);
    quiet(e);
    for (int i = 100; i < LINES; i++) send_numbered("t/a/log", NULL, i);
    i64 last = 0;
    while (last < LINES) {
        tell(e, "{\"op\":\"ack\",\"chan\":%lld,\"seq\":%lld}", (long long)chan, (long long)seq);
        str m = hear(e);
        if (str_is(part(e, m, "op"), "gap")) {
            dropped += number(e, m, "dropped");
            continue;
        }
        last = seq = number(e, m, "seq");
        assert_int_equal(number(e, m, "data.n"), seq - 1);
        seen++;
    }
    assert_int_equal(seen + dropped, LINES);
    assert_int_equal(dropped, LINES - 4096 - 68);
    hang_up(e);
}

/* A reader who sleeps, without acknowledging or reading, keeps nobody from anything. */
WORLD(channel_sleeper_blocks_nobody)
{
    enum { EVENTS = 300, SIZE = 20000 };
    know();
    struct ear *sleeper = dial(w, (str){ 0 }), *awake = dial(w, (str){ 0 });
    for (int i = 0; i < 50; i++) {
        char topic[32];
        snprintf(topic, sizeof topic, "t/n%d/events", i);
        subscribe(sleeper, topic);
    }
    i64 chan = subscribe(awake, "t/n0/events");
    char *json = arena_alloc(op->arena, SIZE + 1);
    memset(json, '1', SIZE);
    for (int i = 0; i < EVENTS; i++) {
        for (int k = 0; k < 50; k++) {
            char topic[32];
            int n = snprintf(topic, sizeof topic, "t/n%d/events", k);
            channel_send((str){ topic, (size_t)n }, (str){ 0 }, (str){ json, SIZE });
        }
        i64 seq = number(awake, hear_op(awake, "evt"), "seq");
        assert_int_equal(seq, i + 1);
        tell(awake, "{\"op\":\"ack\",\"chan\":%lld,\"seq\":%lld}", (long long)chan, (long long)seq);
    }
    hang_up(sleeper);
    hang_up(awake);
}

WORLD(channel_refuses)
{
    know();
    struct person ann = world_person(w, "ann");
    static const struct {
        const char *message, *code, *field;
    } all[] = {
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/hidden/state\"}", "not_found", NULL },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/nothing\"}", "not_found", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t//state\"}", "not_found", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/state/\"}", "not_found", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/a/state/b\"}", "not_found", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/123456789012345678901/state\"}", "invalid", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/admin\"}", "forbidden", NULL },
        { "{\"op\":\"sub\",\"topic\":\"t/list\"}", "invalid", "id" },
        { "{\"op\":\"sub\",\"id\":1}", "invalid", "topic" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/list\",\"chan\":1}", "invalid", "chan" },
        { "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/list\",\"from\":{\"x\":1}}", "invalid", "from.x" },
        { "{\"op\":\"ack\",\"chan\":0,\"seq\":1}", "invalid", "chan" },
        { "{\"op\":\"evt\"}", "invalid", "op" },
        { "{\"id\":5}", "invalid", "op" },
    };
    struct ear *e = dial(w, ann.token);
    for (size_t i = 0; i < LEN(all); i++) {
        tell(e, "%s", all[i].message);
        str err = hear_op(e, "err");
        assert_str(part(e, err, "code"), str_of(all[i].code));
        if (all[i].field) assert_str(part(e, err, "field"), str_of(all[i].field));
    }
    tell(e, "{\"op\":\"ack\",\"chan\":99,\"seq\":1}"); /* a channel that has just ended */
    quiet(e);
    tell(e, "[]");
    assert_null(hear(e).p);
    hang_up(e);
    e = dial(w, (str){ 0 });
    tell(e, "{\"op\":\"sub\",\"id\":1,\"topic\":\"t/list\"}");
    assert_str(part(e, hear_op(e, "err"), "code"), S("unauthenticated"));
    hang_up(e);
}

WORLD(channel_rights_are_asked_again)
{
    know();
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    struct ear *a = dial(w, ann.token), *b = dial(w, bob.token);
    i64 chan = subscribe(a, "t/a/events");
    subscribe(a, "t/list");
    subscribe(b, "t/list");
    ask_again(op);
    quiet(a);
    atomic_store(&closed_to_all, true); /* to t/a/events */
    OTHER_OP(o, op);
    assert_ok(o, account_token_drop(o, bob.id, S("test")));
    assert_ok(o, db_flush(o));
    ask_again(op);
    str err = hear_op(a, "err");
    assert_int_equal(number(a, err, "chan"), chan);
    assert_str(part(a, err, "code"), S("forbidden"));
    send_numbered("t/a/events", NULL, 1);
    send_numbered("t/list", NULL, 2);
    assert_int_equal(number(a, hear_op(a, "evt"), "data.n"), 2);
    assert_null(hear(b).p); /* his token is gone */
    hang_up(a);
    hang_up(b);
}

WORLD(channel_heart_beats)
{
    know();
    struct ear *e = dial(w, (str){ 0 });
    e->beats = true;
    str hb = hear_op(e, "hb");
    i64 first = number(e, hb, "t"), second = number(e, hear_op(e, "hb"), "t");
    assert_true(second - first > 1500000 && second - first < 10000000);
    hang_up(e);
}

/* Inside the program. */

struct counted {
    atomic_int n;
    _Atomic u64 seq;
};
static void count(void *ctx, str topic, u64 seq, str json UNUSED)
{
    struct counted *c = ctx;
    assert_str(topic, S("t/a/events"));
    atomic_store(&c->seq, seq);
    atomic_fetch_add(&c->n, 1);
}

static void wait_for(struct counted *c, int n) { WAIT_FOR(atomic_load(&c->n) >= n); }

WORLD(channel_listener_and_commit)
{
    know();
    struct counted c = { 0 };
    assert_null(channel_listen(S("no/such"), count, &c));
    struct channel_listener *l = channel_listen(S("t/a/events"), count, &c);
    send_numbered("t/a/events", NULL, 1);
    wait_for(&c, 1);
    {
        OTHER_OP(o, op);
        AUTO(db_tx) struct db_tx tx = { 0 };
        assert_ok(o, db_begin(o, &tx));
        assert_ok(o, db_exec(o, "UPDATE account_epoch SET epoch = epoch"));
        channel_send_after(o, S("t/a/events"), (str){ 0 }, S("2"));
        db_tx_done(&tx); /* rolled back */
    }
    OTHER_OP(o, op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    assert_ok(o, db_begin(o, &tx));
    channel_send_after(o, S("t/a/events"), (str){ 0 }, S("3"));
    assert_ok(o, db_commit(&tx));
    assert_ok(o, db_flush(o));
    wait_for(&c, 2);
    assert_int_equal(atomic_load(&c.seq), 2);
    channel_unlisten(l);
    send_numbered("t/a/events", NULL, 4);
    assert_int_equal(atomic_load(&c.n), 2);
}

/* The audit log, as it is written; for those who may read it. */
WORLD(channel_audit)
{
    static const struct feature *const all[] = { &audit_feature };
    channel_know_features(all, 1);
    struct person ann = world_person(w, "ann"), eve = world_person(w, "eve");
    {
        OTHER_OP(o, op);
        assert_ok(o, db_exec(o, "UPDATE users SET role = 'auditor' WHERE id = ?", A(eve.id)));
        assert_ok(o, db_flush(o));
    }
    struct ear *e = dial(w, world_token(w, eve.id, 0, "audit:read")), *a = dial(w, ann.token);
    tell(a, "{\"op\":\"sub\",\"id\":1,\"topic\":\"audit\"}");
    assert_str(part(a, hear_op(a, "err"), "code"), S("forbidden"));
    subscribe(e, "audit");
    assert_said(
        say(w, ann.token, POST, "/api/spark/packages", "{\"name\":\"pump\",\"display_name\":\"Pump\"}"), 201);
    str evt = hear_op(e, "evt");
    assert_str(part(e, evt, "data.action"), S("package.create"));
    assert_str(part(e, evt, "data.login"), S("ann"));
    assert_str(part(e, evt, "data.outcome"), S("ok"));
    hang_up(e);
    hang_up(a);
}

/* Many senders, many who come and go, rights asked all the time: nobody waits for another for ever, and
 * nothing is used after it has gone (sanitizers). */
static atomic_bool storm;
static void *sender(void *arg)
{
    for (int i = 0; atomic_load(&storm); i++) {
        i64 t = i;
        double v = i;
        send_numbered("t/a/log", NULL, i);
        send_numbered("t/list", i % 3 ? "x" : "y", i);
        channel_points(S("t/a/points"), &t, &v, 1);
        if (i % 64 == 0) usleep(1000);
    }
    return arg;
}
static void *asker(void *arg)
{
    while (atomic_load(&storm)) {
        struct op *op = arg;
        OTHER_OP(o, op);
        assert_ok(o, account_token_drop(o, 1, S("none")));
        ask_again(o);
        usleep(1000);
    }
    return NULL;
}

WORLD(channel_storm)
{
    enum { SENDERS = 3, CLIENTS = 6, ROUNDS = 25 };
    know();
    struct person ann = world_person(w, "ann");
    static const char *const topics[] = { "t/a/log", "t/list", "t/a/points", "t/a/state" };
    pthread_t threads[SENDERS + 1];
    atomic_store(&storm, true);
    for (int i = 0; i < SENDERS; i++) assert_false(pthread_create(&threads[i], NULL, sender, NULL));
    assert_false(pthread_create(&threads[SENDERS], NULL, asker, op));
    for (int r = 0; r < ROUNDS; r++) {
        struct ear *e[CLIENTS];
        for (int i = 0; i < CLIENTS; i++) {
            e[i] = dial(w, ann.token);
            for (size_t k = 0; k < LEN(topics); k++)
                tell(e[i], "{\"op\":\"sub\",\"id\":%zu,\"topic\":\"%s\"}", k + 1, topics[k]);
        }
        for (int i = 0; i < CLIENTS; i++)
            for (int k = 0; k < 20; k++) assert_non_null(hear(e[i]).p);
        for (int i = 0; i < CLIENTS; i++) hang_up(e[i]);
    }
    atomic_store(&storm, false);
    for (size_t i = 0; i < LEN(threads); i++) pthread_join(threads[i], NULL);
}

TEST(channel_finds_faults)
{
    static const struct topic bad[] = {
        { "a/{x}", TOPIC_EVENTS, NULL, &live_beat_desc, RIGHT_PUBLIC, .doc = "x" },
        { "a", TOPIC_EVENTS, NULL, &live_beat_desc, 0, .doc = "x" },
        { "b", TOPIC_EVENTS, NULL, NULL, RIGHT_PUBLIC },
        { "b", TOPIC_POINTS, NULL, NULL, RIGHT_PUBLIC, .doc = "x" },
    };
    const struct feature f = { .name = "bad", .topics = bad, .ntopics = LEN(bad) }, *all[] = { &f };
    struct buf out = BUF(op->arena);
    channel_know_features(all, 1);
    assert_int_equal(channel_faults(&out), 6);
    assert_err(op, ERR_INTERNAL, channel_feature.start(op));
    know();
    assert_int_equal(channel_faults(&out), 0);
}
