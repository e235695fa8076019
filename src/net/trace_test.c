#include "base/enc.h"
#include "net/http_test.h"
#include "net/trace.h"
#include "tests/unit/test.h"

/* The value of "key":"..." behind the text `after`. */
static str member(str text, const char *after, const char *key)
{
    size_t at;
    char want[64];
    assert_true(str_find(text, str_of(after), &at));
    snprintf(want, sizeof want, "\"%s\":\"", key);
    /* ids stand before the name: look back to the span's own beginning */
    size_t from = at;
    while (from && memcmp(text.p + from, "{\"traceId\"", 10)) from--;
    str span = str_skip(text, from);
    assert_true(str_find(span, str_of(want), &at));
    str value = str_skip(span, at + strlen(want));
    str_cut(value, '"', &value, &(str){ 0 });
    return value;
}

TEST(trace_from_client_through_server)
{
    struct site *s = site_start(op, NULL);
    str url = arena_printf(op->arena, "http://127.0.0.1:%d", site_port(s));
    assert_ok(op, trace_start(op, &(struct trace_options){ url, S("test"), 100 }));
    struct trace_span span;
    trace_begin(op, &span, S("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    assert_non_null(op->span);
    struct client *c = site_client(s, op, "writer");
    assert_ok(op, client_call(c, op, DELETE, S("/api/things/all"), NULL, NULL, NULL, NULL));
    str mine = hex_text(op->arena, span.id, 8);
    trace_end(op, &(struct span_end){ .kind = SPAN_INTERNAL, .name = S("outer \"work\"") });
    assert_null(op->span);
    trace_stop();
    str got = site_spans(s, op);
    assert_str(member(got, "\"DELETE /api/things/all\"", "traceId"), S("0af7651916cd43dd8448eb211c80319c"));
    assert_str(member(got, "\"DELETE /api/things/all\"", "parentSpanId"), mine);
    assert_str(member(got, "outer \\\"work", "spanId"), mine);
    assert_str(member(got, "outer \\\"work", "parentSpanId"), S("b7ad6b7169203331"));
    size_t at;
    assert_true(str_find(got, S("\"http.response.status_code\",\"value\":{\"intValue\":\"204\"}"), &at));
    site_stop(s);
}

TEST(trace_sampling_and_bad_parents)
{
    struct trace_span span;
    trace_begin(op, &span, S("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    assert_null(op->span); /* traces are off */
    struct site *s = site_start(op, NULL);
    str url = arena_printf(op->arena, "http://127.0.0.1:%d", site_port(s));
    assert_ok(op, trace_start(op, &(struct trace_options){ url, S("test"), 0 }));
    static const char *const not_kept[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "00-zz",
    };
    for (size_t i = 0; i < LEN(not_kept); i++) {
        trace_begin(op, &span, str_of(not_kept[i]));
        assert_null(op->span);
    }
    trace_stop();
    assert_true(
        client_new(op, &(struct client_options){ .base_url = S("ftp://x") }, &(struct client *){ 0 }));
    op_clear(op);
    site_stop(s);
}
