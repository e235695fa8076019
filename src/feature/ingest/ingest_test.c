/* Every protocol's way from a request to points that can be read, over HTTP. */
#include "base/enc.h"
#include "feature/account/account.h"
#include "feature/feature.h"
#include "feature/ingest/ingest.h"
#include "feature/series/series.h"
#include "net/protobuf.h"
#include "tests/unit/world.h"
#include <poll.h>
#include <snappy-c.h>

/* "name{labels}@t=v..." of all series, by id. */
static bool tell(void *ctx, const struct series_run *r)
{
    struct buf *b = ctx;
    for (u32 i = 0; i < r->n; i++) {
        buf_printf(b, "@%lld=", (long long)r->t[i]);
        if (r->kind == SERIES_F64) buf_printf(b, "%g", r->f[i]);
        else if (r->kind == SERIES_I64) buf_printf(b, "%lldi", (long long)r->i[i]);
        else buf_printf(b, "'%.*s'", STR(r->s[i]));
    }
    return true;
}

static str stored(struct op *op)
{
    series_list list = { 0 };
    struct buf b = BUF(op->arena);
    assert_ok(op, series_find(op, &(struct series_query){ .limit = 1000 }, &list));
    for (size_t i = 0; i < list.n; i++) {
        const struct series_info *s = &list.item[i];
        buf_printf(&b, "%s%.*s%.*s", i ? " " : "", STR(s->name), STR(s->labels.s));
        if (s->unit.n) buf_printf(&b, "[%.*s]", STR(s->unit));
        assert_ok(op,
                  series_scan(op, (struct series_range){ s->id, -((i64)1 << 60), (i64)1 << 60 }, tell, &b));
    }
    return buf_str(&b);
}

static struct said send_as(struct world *w, str token, const char *path, const char *type, str body)
{
    return say_raw(w, token, POST, str_of(path), str_of(type), body);
}

static str writer(struct world *w, const char *login)
{
    struct person p = world_person(w, login);
    return world_token(w, p.id, 0, "telemetry:write");
}

WORLD(ingest_json)
{
    str t = writer(w, "ann");
    struct said a =
        send_as(w, t, "/api/v1/telemetry", "application/json",
                S("{\"series\":[{\"name\":\"temp\",\"labels\":{\"dev\":\"d1\"},\"unit\":\"C\",\"points\":"
                  "[[1000,1.5],[3000,3],[2000,2]]},{\"name\":\"state\",\"points\":[[1,\"on\"]]}]}"));
    assert_said(a, 200);
    assert_at(w, a, "points", "4");
    assert_at(w, a, "series", "2");
    for (int i = 0; i < 2; i++) /* again: nothing changes */
        assert_said(
            send_as(w, t, "/api/v1/telemetry", "application/json",
                    S("{\"name\":\"temp\",\"labels\":{\"dev\":\"d1\",\"none\":\"\"},\"t\":2000,\"v\":2}")),
            200);
    assert_str(stored(op), S("temp{\"dev\":\"d1\"}[C]@1000=1.5@2000=2@3000=3 state{}@1='on'"));
    assert_refused(w,
                   send_as(w, t, "/api/v1/telemetry", "application/json", S("[{\"name\":\"a\",\"v\":{}}]")),
                   400, "[0].v");
    assert_refused(w, send_as(w, t, "/api/v1/telemetry", "text/odd", S("x")), 415, "content-type");
    assert_refused(w,
                   send_as(w, t, "/api/v1/telemetry", "application/json", S("{\"name\":\"state\",\"v\":5}")),
                   409, "series");
    assert_refused(w,
                   send_as(w, t, "/api/v1/telemetry", "application/json",
                           S("{\"name\":\"far\",\"t\":9000000000000000000,\"v\":5}")),
                   409, "series");
    assert_said(send_as(w, (str){ 0 }, "/api/v1/telemetry", "application/json", S("{}")), 401);
}

WORLD(ingest_scope)
{
    struct person ann = world_person(w, "ann"), eva = world_person(w, "eva"), tom = world_person(w, "tom");
    i64 project = world_project(w, "lab", &ann);
    world_member(w, project, &eva, "editor");
    world_member(w, project, &tom, "viewer");
    const char *path = arena_printf(op->arena, "/api/v1/telemetry?project=%lld", (long long)project).p;
    str one = S("{\"name\":\"a\",\"t\":1,\"v\":1}"), json = S("application/json");
    str personal = world_token(w, eva.id, 0, "telemetry:write");
    str of_project = world_token(w, eva.id, project, "telemetry:write");
    assert_said(send_as(w, personal, path, json.p, one), 200);
    assert_said(send_as(w, of_project, "/api/v1/telemetry", json.p, S("{\"name\":\"a\",\"t\":2,\"v\":2}")),
                200);
    assert_str(stored(op), S("a{}@1=1@2=2")); /* one series of the project */
    assert_refused(w, send_as(w, of_project, "/api/v1/telemetry?project=999", json.p, one), 404, "project");
    assert_refused(w, send_as(w, world_token(w, tom.id, 0, "telemetry:write"), path, json.p, one), 403,
                   "project");
    assert_refused(w, send_as(w, writer(w, "bob"), path, json.p, one), 404, "project");
    assert_said(send_as(w, world_token(w, eva.id, 0, "package:read"), "/api/v1/telemetry", json.p, one), 403);
    assert_said(send_as(w, personal, "/api/v1/telemetry", json.p, S("{\"name\":\"a\",\"t\":3,\"v\":3}")),
                200);
    assert_str(stored(op), S("a{}@1=1@2=2 a{}@3=3")); /* one's own is another one */
}

WORLD(ingest_influx)
{
    str t = writer(w, "ann"), head;
    struct raw r = { .method = "POST", .path = "/write?db=plant&rp=x&precision=ms" };
    r.token = t;
    r.body = S("cpu,host=a v=1.5,n=3i 1\ncpu,host=a v=2.5,n=4i 2\n");
    assert_said(say_plain(w, &r, &head), 204);
    r.body = S("cpu,host=a v=3,n=5.0 3\ncpu v=\ncpu,host=a n=0.5,s=\"x\" 3");
    struct said a = say_plain(w, &r, &head);
    assert_said(a, 400);
    assert_at(w, a, "error",
              "partial write: line 2: unable to parse 'cpu v=': missing field value dropped=2");
    assert_str(stored(op), S("cpu_v{\"db\":\"plant\",\"host\":\"a\"}@1000=1.5@2000=2.5@3000=3 "
                             "cpu_n{\"db\":\"plant\",\"host\":\"a\"}@1000=3i@2000=4i@3000=5i "
                             "cpu_s{\"db\":\"plant\",\"host\":\"a\"}@3000='x'"));
    r.path = "/api/v2/write?bucket=plant/auto&org=o";
    r.token = (str){ 0 };
    r.headers = arena_printf(op->arena, "Authorization: Token %.*s\r\n", STR(t)).p;
    r.body = S("cpu,host=a v=9 4000000");
    assert_said(say_plain(w, &r, &head), 204);
    r.body = S("cpu,host=a v=\"text\"");
    a = say_plain(w, &r, &head);
    assert_said(a, 400);
    assert_at(w, a, "code", "invalid");
    r.headers = "Authorization: Token nbp_x\r\n";
    a = say_plain(w, &r, &head);
    assert_said(a, 401);
    assert_at(w, a, "code", "unauthorized");
    assert_said(say(w, t, GET, "/ping", NULL), 204);
    a = say(w, t, GET, "/query?db=plant&q=SHOW%20DATABASES", NULL);
    assert_at(w, a, "results.0.series.0.values.0.0", "plant");
    a = send_as(w, t, "/query", "application/x-www-form-urlencoded", S("q=CREATE+DATABASE+%22telegraf%22"));
    assert_at(w, a, "results.0.statement_id", "0");
    assert_said(send_as(w, t, "/query", "application/x-www-form-urlencoded", S("q=DROP+DATABASE+x")), 400);
}

static void fixed64(struct buf *b, u32 number, u64 bits)
{
    buf_char(b, (char)(number << 3 | PB_FIXED64));
    buf_put(b, (str){ (const char *)&bits, 8 });
}

static str prom_request(struct op *op, const char *value)
{
    struct buf all = BUF(op->arena), s = BUF(op->arena), name = BUF(op->arena), job = BUF(op->arena),
               sample = BUF(op->arena);
    pb_put_bytes(&name, 1, S("__name__"));
    pb_put_bytes(&name, 2, S("up"));
    pb_put_bytes(&job, 1, S("job"));
    pb_put_bytes(&job, 2, str_of(value));
    fixed64(&sample, 1, 0x3ff0000000000000);
    pb_put_varint(&sample, 2, 5);
    pb_put_bytes(&s, 1, buf_str(&name));
    pb_put_bytes(&s, 1, buf_str(&job));
    pb_put_bytes(&s, 2, buf_str(&sample));
    pb_put_bytes(&all, 1, buf_str(&s));
    size_t n = snappy_max_compressed_length(all.n);
    char *out = arena_alloc(op->arena, n);
    assert_int_equal(snappy_compress(all.p, all.n, out, &n), SNAPPY_OK);
    return (str){ out, n };
}

WORLD(ingest_remote_write)
{
    str head;
    struct raw r = { .token = writer(w, "ann"), .method = "POST", .path = "/api/v1/write" };
    r.headers = "Content-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"
                "X-Prometheus-Remote-Write-Version: 0.1.0\r\n";
    r.body = prom_request(op, "x");
    assert_said(say_plain(w, &r, &head), 204);
    assert_non_null(strstr(str_z(op->arena, head), "X-Prometheus-Remote-Write-Samples-Written: 1\r\n"));
    assert_str(stored(op), S("up{\"job\":\"x\"}@5000=1"));
    r.body = prom_request(op, "\xff");
    struct said a = say_plain(w, &r, &head);
    assert_said(a, 400);
    assert_str(a.body, S("1 rejected; the first: a label's value is over 1024 bytes or not UTF-8 (up)"));
    r.headers = "Content-Type: application/x-protobuf;proto=io.prometheus.write.v3.Request\r\n";
    assert_said(say_plain(w, &r, &head), 415);
    r.headers = "Content-Type: application/json\r\n";
    assert_said(say_plain(w, &r, &head), 415);
    r.headers = "Content-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\r\n";
    r.body = S("\x0f");
    assert_said(say_plain(w, &r, &head), 400);
}

WORLD(ingest_otlp)
{
    str t = writer(w, "ann");
    struct said a =
        send_as(w, t, "/v1/metrics", "application/json",
                S("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"m\",\"unit\":\"s\","
                  "\"gauge\":{\"dataPoints\":[{\"asDouble\":0.5,\"timeUnixNano\":\"7000\"}]}}]}]}]}"));
    assert_said(a, 200);
    assert_str(a.body, S("{}"));
    assert_str(stored(op), S("m{}[s]@7=0.5"));
    a = send_as(
        w, t, "/v1/metrics", "application/json",
        S("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":\"e\",\"exponentialHistogram\":"
          "{\"dataPoints\":[{}]}}]}]}]}"));
    assert_said(a, 200);
    assert_at(w, a, "partialSuccess.rejectedDataPoints", "1");
    a = send_as(w, t, "/v1/metrics", "application/json", S("x"));
    assert_said(a, 400);
    assert_at(w, a, "code", "3");
    a = send_as(w, t, "/v1/metrics", "application/x-protobuf", S("\x0f"));
    assert_said(a, 400);
    assert_str(a.body, S("\x08\x03\x12\x11malformed metrics"));
    a = send_as(w, t, "/v1/metrics", "application/x-protobuf", S(""));
    assert_said(a, 200);
    assert_int_equal(a.body.n, 0);
}

/* Kinds that differ, series named twice, series without points. */
WORLD(ingest_store_sorts_out)
{
    struct points_label ab[] = { { S("a"), S("1") }, { S("b"), S("2") } }, ba[] = { ab[1], ab[0] };
    double f[] = { 1, 2, 0.5 }, own[] = { 1, 2, 0.5 };
    i64 t[] = { 1, 2, 3 }, t2[] = { 4, 5, 6 }, far[] = { INT64_MIN, 7, INT64_MAX }, n[] = { 7, 8, 9 };
    struct points_series s[] = {
        { .name = S("x"), .labels = ab, .nlabels = 2, .n = 3, .cap = 3, .t = t, .f = f },
        { .name = S("none"), .kind = POINTS_KINDS },
        { .name = S("x"), .labels = ba, .nlabels = 2, .n = 3, .cap = 3, .t = t2, .f = f },
        { .name = S("far"), .n = 3, .cap = 3, .t = far, .f = own },
        { .name = S("x"), .labels = ab, .nlabels = 2, .kind = POINTS_I64, .n = 3, .cap = 3, .t = n, .i = n },
    };
    struct person ann = world_person(w, "ann");
    struct principal who = { .kind = WHO_USER, .user_id = ann.id };
    OTHER_OP(a, op);
    a->who = &who;
    struct points b = { .arena = a->arena, .series = s, .n = 4 };
    struct ingest_done done;
    assert_ok(a, ingest_store(a, 0, &b, INGEST_GOOD, &done));
    assert_ok(a, db_flush(a));
    assert_int_equal(done.points, 7);
    assert_int_equal(done.series, 2);
    assert_int_equal(b.rejected, 2);
    struct points_series whole = { .name = S("i"), .kind = POINTS_I64, .n = 3, .cap = 3, .t = n, .i = n };
    b = (struct points){ .arena = a->arena, .series = &whole, .n = 1 };
    assert_ok(a, ingest_store(a, 0, &b, INGEST_ALL, &done));
    assert_ok(a, db_flush(a));
    struct points_series mixed[] = { s[4],
                                     { .name = S("i"), .n = 2, .cap = 2, .t = t, .f = f },
                                     { .name = S("i"), .n = 3, .cap = 3, .t = t, .f = f } };
    struct points_series *into_x = &mixed[0];
    *into_x = (struct points_series){
        .name = S("x"), .labels = ab, .nlabels = 2, .kind = POINTS_I64, .n = 3, .cap = 3, .t = n, .i = n
    };
    b = (struct points){ .arena = a->arena, .series = mixed, .n = 3 };
    assert_ok(a, ingest_store(a, 0, &b, INGEST_GOOD, &done));
    assert_ok(a, db_flush(a));
    assert_int_equal(b.rejected, 1); /* 0.5 is no integer */
    mixed[2] = (struct points_series){ .name = S("i"), .n = 3, .cap = 3, .t = t, .f = f };
    b = (struct points){ .arena = a->arena, .series = &mixed[2], .n = 1 };
    assert_err(a, ERR_CONFLICT, ingest_store(a, 0, &b, INGEST_ALL, &done));
    assert_str(stored(op), S("x{\"a\":\"1\",\"b\":\"2\"}@1=1@2=2@3=0.5@4=1@5=2@6=0.5@7=7@8=8@9=9 far{}@7=2 "
                             "i{}@1=1i@2=2i@7=7i@8=8i@9=9i"));
    b = (struct points){ .arena = a->arena, .over = true };
    assert_err(a, ERR_LIMIT, ingest_store(a, 0, &b, INGEST_GOOD, &done));
}

/* ---- the WebSocket ---- */

struct heard {
    struct arena *arena;
    struct buf all;
    int n;
};
static void hear(void *ctx, bool text UNUSED, str data)
{
    struct heard *h = ctx;
    buf_put(&h->all, data);
    h->n++;
}

static str answers(struct op *op, struct wsc *ws, int want)
{
    struct heard h = { .all = BUF(op->arena) };
    for (i64 end = test_deadline(); h.n < want && time_mono_us() < end;) {
        struct pollfd p = { .fd = wsc_fd(ws), .events = POLLIN };
        if (poll(&p, 1, 100) > 0 && wsc_service(ws, op, hear, &h)) break;
    }
    op_clear(op);
    return buf_str(&h.all);
}

WORLD(ingest_socket)
{
    struct person ann = world_person(w, "ann");
    struct client_options o = { .base_url = arena_printf(op->arena, "http://127.0.0.1:%d", w->port),
                                .token = world_token(w, ann.id, 0, "telemetry:write"),
                                .timeout_us = test_patience_us() };
    struct wsc *ws;
    u8 batch[112];
    str golden =
        S("6e6270310200000028000000000000000001040002000200000074656d70c2b00300020064657664310200050000000100"
          "0000737461746500d03fac6bff050040124fac6bff050000000000000035409a9999999919354000d03fac6bff05000200"
          "0000000000006f6e000000000000");
    assert_true(hex_decode(golden, batch));
    assert_ok(op, wsc_open(op, &o, S("/api/v1/telemetry/ws"), &ws));
    assert_ok(op, wsc_send(ws, op, true, S("{\"name\":\"a\",\"t\":1,\"v\":1.5}")));
    assert_ok(op, wsc_send(ws, op, true, S("{\"name\":\"a\",\"v\":[]}")));
    assert_ok(op, wsc_send(ws, op, false, (str){ (const char *)batch, sizeof batch }));
    str got = answers(op, ws, 3);
    static const char *const parts[] = { "{\"seq\":1,\"points\":1,\"series\":1,\"past_retention\":1}",
                                         "{\"seq\":2,\"code\":\"invalid\",", ",\"field\":\"v\"}",
                                         "{\"seq\":3,\"points\":3,\"series\":2,\"past_retention\":3}" };
    for (size_t i = 0; i < LEN(parts); i++)
        if (!str_find(got, str_of(parts[i]), &(size_t){ 0 })) test_fail(__FILE__, __LINE__, "%.*s", STR(got));
    assert_str(stored(op),
               S("a{}@1=1.5 temp{\"dev\":\"d1\"}[\xc2\xb0]@1688212800000000=21@1688212801000000=21.1 "
                 "state{}@1688212800000000='on'"));
    /* A token that is taken away ends the socket at the next message. */
    OTHER_OP(other, op);
    assert_ok(other, account_token_drop(other, ann.id, S("test")));
    assert_ok(other, db_flush(other));
    assert_ok(op, wsc_send(ws, op, true, S("{\"name\":\"a\",\"t\":2,\"v\":2}")));
    got = answers(op, ws, 1);
    assert_true(str_starts(got, S("{\"seq\":4,\"code\":\"unauthenticated\"")));
    wsc_free(ws);
}
