#include "base/desc.h"
#include "tests/unit/test.h"

static const char *const kinds[] = { "", "sensor", "gateway", NULL };
struct tag {
    str key;
    i64 weight;
};
#define D struct tag
static const struct field tag_fields[] = {
    { F(key), .flags = REQUIRED, .min = 1, .max = 8 },
    { F(weight), .min = -5, .max = 5, .def = "1" },
};
#undef D
static DESC(tag);

struct pair {
    str key, value;
};
#define D struct pair
static const struct field pair_fields[] = { { F(key), .min = 1, .max = 10 }, { F(value), .max = 10 } };
#undef D
static DESC(pair);

static err_t no_slash(struct op *op, const struct field *f, const void *val)
{
    size_t at;
    return str_find_char(*(const str *)val, '/', &at) ? fail_field(op, f->name, "must not contain '/'") : OK;
}

struct device {
    i64 id;
    str name, note, secret, row;
    int kind, port;
    bool enabled;
    double lat;
    time_us seen_at;
    uuid unit_id;
    json_raw data;
    struct tag main;
    LIST(struct tag) tags;
    LIST(str) labels;
    LIST(i64) numbers;
    LIST(struct pair) env;
    i64 page;
};
static const struct field number_elem = { "", .type = &type_i64, .min = 0, .max = 100 };
#define D struct device
static const struct field device_fields[] = {
    { F(id), .flags = READONLY, .doc = "Assigned by the server." },
    { F(name), .flags = REQUIRED, .min = 1, .max = 5, .check = no_slash, .doc = "Unique \"name\"." },
    { F(note), .flags = NULLABLE, .max = 100 },
    { F(secret), .flags = WRITEONLY, .max = 20 },
    { F(row), .flags = INTERNAL },
    { F_ENUM(kind, kinds), .flags = NULLABLE },
    { F(port), .flags = NULLABLE, .min = 0, .max = 65535 },
    { F(enabled), .def = "true" },
    { F(lat), .min = -90, .max = 90 },
    { F(seen_at), .flags = NULLABLE },
    { F(unit_id), .flags = NULLABLE },
    { F(data), .flags = NULLABLE, .max = 50 },
    { F_OBJ(main, &tag_desc), .flags = NULLABLE },
    { F_LIST(tags, &tag_desc), .max = 3 },
    { F_LIST_OF(labels, &field_str_elem), .min = 0, .max = 4 },
    { F_LIST_OF(numbers, &number_elem), .max = 8, .flags = ONE_OR_MANY },
    { F_MAP(env, &pair_desc), .max = 3 },
    { F(page), .flags = QUERY | REQUIRED, .min = 1, .max = 9 },
};
#undef D
static DESC(device);

static str written(struct op *op, const struct desc *d, const void *val)
{
    struct buf b = BUF(op->arena);
    desc_write(&b, d, val);
    assert_true(json_valid(buf_str(&b)));
    return buf_str(&b);
}

TEST(desc_reads_and_writes)
{
    struct device x;
    assert_ok(
        op, desc_read(
                op, &device_desc,
                S("{\"name\":\"abc\",\"secret\":\"s\",\"kind\":\"gateway\",\"port\":80,\"lat\":-12.5,"
                  "\"seen_at\":\"2026-11-20T16:14:00Z\",\"unit_id\":\"0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7\","
                  "\"data\":{ \"a\": [1] },\"main\":{\"key\":\"m\"},\"tags\":[{\"key\":\"a\",\"weight\":5},"
                  "{\"weight\":-5,\"key\":\"b\"}],\"labels\":[\"x\",\"ж\"],\"numbers\":7,"
                  "\"env\":{\"A\":\"1\",\"B\":\"\"}}"),
                &x));
    assert_true(x.enabled && x.tags.n == 2 && x.tags.item[0].weight == 5 && x.main.weight == 1 && !x.note.p);
    assert_str(
        written(op, &device_desc, &x),
        S("{\"id\":0,\"name\":\"abc\",\"note\":null,\"kind\":\"gateway\",\"port\":80,\"enabled\":true,"
          "\"lat\":-12.5,"
          "\"seen_at\":\"2026-11-20T16:14:00.000000Z\",\"unit_id\":\"0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7\","
          "\"data\":{ \"a\": [1] "
          "},\"main\":{\"key\":\"m\",\"weight\":1},\"tags\":[{\"key\":\"a\",\"weight\":5},"
          "{\"key\":\"b\",\"weight\":-5}],\"labels\":[\"x\",\"ж\"],\"numbers\":[7],\"env\":{\"A\":\"1\","
          "\"B\":\"\"},"
          "\"page\":0}"));
}

TEST(desc_writes_nothing_as_null_or_empty)
{
    struct device x = { .name = S("n") };
    assert_str(
        written(op, &device_desc, &x),
        S("{\"id\":0,\"name\":\"n\",\"note\":null,\"kind\":null,\"port\":null,\"enabled\":false,\"lat\":0,"
          "\"seen_at\":null,\"unit_id\":null,\"data\":null,\"main\":null,\"tags\":[],\"labels\":[],"
          "\"numbers\":[],\"env\":{},\"page\":0}"));
}

/* Each row: a body, the field that must be named, what the message must contain. */
TEST(desc_refuses)
{
    static const struct {
        const char *text, *field, *part;
    } row[] = {
        { "", "", "empty" },
        { "  ", "", "empty" },
        { "[]", "", "must be an object" },
        { "null", "", "must be an object" },
        { "{\"name\":\"a\"", "", "not valid JSON: unexpected end of the text at byte 11" },
        { "{\"name\":\"a\"} x", "", "not valid JSON: unexpected character at byte 13" },
        { "{\"name\":tru}", "", "not valid JSON" },
        { "{}", "name", "is required" },
        { "{\"name\":\"\"}", "name", "must not be empty" },
        { "{\"name\":\"ыыыыыы\"}", "name", "1 to 5 characters" },
        { "{\"name\":null}", "name", "must not be null" },
        { "{\"name\":1}", "name", "must be a string" },
        { "{\"name\":\"a/b\"}", "name", "must not contain '/'" },
        { "{\"name\":\"a\\u0000\"}", "name", "U+0000" },
        { "{\"name\":\"a\",\"name\":\"b\"}", "name", "given twice" },
        { "{\"name\":\"a\",\"nam\":\"b\"}", "nam", "not a known field" },
        { "{\"name\":\"a\",\"id\":1}", "id", "set by the server" },
        { "{\"name\":\"a\",\"row\":\"x\"}", "row", "not a known field" },
        { "{\"name\":\"a\",\"page\":1}", "page", "not a known field" },
        { "{\"name\":\"a\",\"kind\":\"\"}", "kind", "must be one of 'sensor', 'gateway'" },
        { "{\"name\":\"a\",\"kind\":\"Sensor\"}", "kind", "must be one of" },
        { "{\"name\":\"a\",\"kind\":1}", "kind", "must be a string" },
        { "{\"name\":\"a\",\"port\":65536}", "port", "from 0 to 65535" },
        { "{\"name\":\"a\",\"port\":1.5}", "port", "an integer" },
        { "{\"name\":\"a\",\"port\":99999999999999999999}", "port", "64 bits" },
        { "{\"name\":\"a\",\"port\":\"80\"}", "port", "an integer" },
        { "{\"name\":\"a\",\"enabled\":1}", "enabled", "true or false" },
        { "{\"name\":\"a\",\"enabled\":null}", "enabled", "must not be null" },
        { "{\"name\":\"a\",\"lat\":90.5}", "lat", "from -90 to 90" },
        { "{\"name\":\"a\",\"lat\":1e999}", "", "range of a double" },
        { "{\"name\":\"a\",\"seen_at\":\"yesterday\"}", "seen_at", "RFC 3339" },
        { "{\"name\":\"a\",\"unit_id\":\"12\"}", "unit_id", "must be a UUID" },
        { "{\"name\":\"a\",\"data\":{\"x\":\"a\\u0000\"}}", "data", "U+0000" },
        { "{\"name\":\"a\",\"data\":\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeff\"}", "data",
          "50 bytes" },
        { "{\"name\":\"a\",\"main\":[]}", "main", "must be an object" },
        { "{\"name\":\"a\",\"main\":{}}", "main.key", "is required" },
        { "{\"name\":\"a\",\"main\":{\"key\":\"x\",\"weight\":6}}", "main.weight", "from -5 to 5" },
        { "{\"name\":\"a\",\"tags\":{}}", "tags", "must be a list" },
        { "{\"name\":\"a\",\"tags\":[{\"key\":\"a\"},{\"key\":\"b\"},{\"key\":\"\"}]}", "tags[2].key",
          "must not be empty" },
        { "{\"name\":\"a\",\"tags\":[{\"key\":\"a\"},1]}", "tags[1]", "must be an object" },
        { "{\"name\":\"a\",\"tags\":[{\"key\":\"a\"},{\"key\":\"a\"},{\"key\":\"a\"},{\"key\":\"a\"}]}",
          "tags", "at most 3" },
        { "{\"name\":\"a\",\"tags\":[{\"key\":\"a\"},]}", "", "not valid JSON" },
        { "{\"name\":\"a\",\"labels\":[\"\"]}", "labels[0]", "must not be empty" },
        { "{\"name\":\"a\",\"labels\":[null]}", "labels[0]", "must not be null" },
        { "{\"name\":\"a\",\"numbers\":101}", "numbers", "from 0 to 100" },
        { "{\"name\":\"a\",\"numbers\":[1,101]}", "numbers[1]", "from 0 to 100" },
        { "{\"name\":\"a\",\"env\":[]}", "env", "must be an object" },
        { "{\"name\":\"a\",\"env\":{\"A\":1}}", "env.A", "must be a string" },
        { "{\"name\":\"a\",\"env\":{\"\":\"1\"}}", "env.key", "must not be empty" },
        { "{\"name\":\"a\",\"env\":{\"A\":\"1\",\"A\":\"1\"}}", "env.A", "given twice" },
        { "{\"name\":\"a\",\"env\":{\"A\":\"\",\"B\":\"\",\"C\":\"\",\"D\":\"\"}}", "env", "at most 3" },
    };
    for (size_t i = 0; i < LEN(row); i++) {
        struct device x;
        size_t at;
        if (desc_read(op, &device_desc, str_of(row[i].text), &x) != ERR_INVALID ||
            !str_is(op->err.field, row[i].field) || !str_find(op->err.msg, str_of(row[i].part), &at))
            test_fail(__FILE__, __LINE__, "%s: %.*s: %.*s", row[i].text, STR(op->err.field),
                      STR(op->err.msg));
        op_clear(op);
    }
}

TEST(desc_long_lists_keep_every_item)
{
    struct wide {
        LIST(struct tag) tags;
    } x;
#define D struct wide
    static const struct field wide_fields[] = { { F_LIST(tags, &tag_desc), .max = 2000 } };
#undef D
    DESC(wide);
    struct buf b = BUF(op->arena);
    buf_put(&b, S("{\"tags\":["));
    for (int i = 0; i < 1000; i++) buf_printf(&b, "%s{\"key\":\"k%d\"}", i ? "," : "", i);
    buf_put(&b, S("]}"));
    assert_ok(op, desc_read(op, &wide_desc, buf_str(&b), &x));
    assert_int_equal(x.tags.n, 1000);
    for (int i = 0; i < 1000; i++) assert_str(x.tags.item[i].key, arena_printf(op->arena, "k%d", i));
}

struct many {
    LIST(struct tag) tags;
    i64 page;
};
#define D struct many
static const struct field many_fields[] = {
    { F_LIST(tags, &tag_desc), .max = 3, .min = 1, .flags = BODY | ONE_OR_MANY },
    { F(page), .flags = QUERY },
};
#undef D
static DESC(many);

TEST(desc_body_is_one_member)
{
    struct many x;
    assert_ok(op, desc_read(op, &many_desc, S("[{\"key\":\"a\"},{\"key\":\"b\"}]"), &x));
    assert_true(x.tags.n == 2 && str_is(x.tags.item[1].key, "b"));
    assert_ok(op, desc_read(op, &many_desc, S("{\"key\":\"a\"}"), &x));
    assert_int_equal(x.tags.n, 1);
    assert_err(op, ERR_INVALID, desc_read(op, &many_desc, S("[]"), &x));
    assert_int_equal(desc_read(op, &many_desc, S("[{\"key\":\"a\"},{}]"), &x), ERR_INVALID);
    assert_str(op->err.field, S("[1].key"));
    assert_int_equal(desc_read(op, &many_desc, S("{\"key\":1}"), &x), ERR_INVALID);
    assert_str(op->err.field, S("key"));
    op_clear(op);
    assert_ok(op, desc_read(op, &many_desc, S("[{\"key\":\"a\"}]"), &x));
    struct buf b = BUF(op->arena);
    desc_write_request(&b, &many_desc, &x);
    assert_str(buf_str(&b), S("[{\"key\":\"a\",\"weight\":1}]"));
}

struct patch {
    struct present given;
    str name, note;
    bool enabled;
    i64 limit;
};
#define D struct patch
static const struct field patch_fields[] = {
    { F(given) },   { F(name), .min = 1, .max = 5 },           { F(note), .flags = NULLABLE, .max = 5 },
    { F(enabled) }, { F(limit), .flags = NULLABLE, .max = 5 },
};
#undef D
static DESC(patch);

TEST(desc_patch_knows_absent_null_and_value)
{
    struct patch x;
    assert_ok(op, desc_read(op, &patch_desc, S("{\"note\":null,\"enabled\":false}"), &x));
    assert_int_equal(x.given.set, 1 << 2 | 1 << 3);
    assert_int_equal(x.given.null, 1 << 2);
    assert_str(written(op, &patch_desc, &x), S("{\"note\":null,\"enabled\":false}"));
    assert_ok(op, desc_read(op, &patch_desc, S("{}"), &x));
    assert_int_equal(x.given.set, 0);
    assert_err(op, ERR_INVALID, desc_read(op, &patch_desc, S("{\"given\":{}}"), &x));
    assert_err(op, ERR_INVALID, desc_read(op, &patch_desc, S("{\"name\":null}"), &x));
}

TEST(desc_request_and_answer)
{
    struct device x = { .id = 4, .name = S("n"), .secret = S("pw"), .row = S("r"), .page = 3, .lat = 1 }, y;
    struct buf b = BUF(op->arena);
    desc_write_request(&b, &device_desc, &x);
    assert_str(buf_str(&b), S("{\"name\":\"n\",\"secret\":\"pw\",\"enabled\":false,\"lat\":1}"));
    assert_ok(op, desc_read(op, &device_desc, buf_str(&b), &y));
    assert_str(y.secret, S("pw"));
    assert_ok(op, desc_read_answer(op, &device_desc,
                                   S("{\"id\":9,\"name\":\"a long name\",\"new\":[1,{\"x\":2}],"
                                     "\"tags\":[{\"key\":\"k\",\"also_new\":1}],\"lat\":null}"),
                                   &y));
    assert_true(y.id == 9 && y.tags.n == 1 && y.name.n == 11);
    assert_err(op, ERR_INVALID, desc_read_answer(op, &device_desc, S("{\"id\":\"9\"}"), &y));
    assert_err(op, ERR_INVALID, desc_read_answer(op, &device_desc, S("{\"id\":9} x"), &y));
}

static const struct field *row(const char *name) { return desc_field(&device_desc, str_of(name)); }

TEST(desc_binds_texts)
{
    struct device x;
    desc_defaults(&device_desc, op->arena, &x);
    assert_true(x.enabled);
    assert_ok(op, desc_bind(op, row("page"), S("9"), &x));
    assert_ok(op, desc_bind(op, row("enabled"), S("false"), &x));
    assert_ok(op, desc_bind(op, row("kind"), S("sensor"), &x));
    assert_ok(op, desc_bind(op, row("lat"), S("-1e1"), &x));
    assert_ok(op, desc_bind(op, row("labels"), S("a,b"), &x));
    assert_ok(op, desc_bind(op, row("labels"), S("c"), &x));
    assert_ok(op, desc_bind_item(op, row("labels"), S("d,e"), &x));
    assert_ok(op, desc_bind(op, row("data"), S("{\"a\":1}"), &x));
    assert_ok(op, desc_bind(op, row("main"), S("{\"key\":\"m\"}"), &x));
    assert_ok(op, desc_bind(op, row("seen_at"), S("2026-11-20T16:14:00+03:00"), &x));
    assert_true(x.page == 9 && !x.enabled && x.kind == 1 && x.lat == -10 && x.labels.n == 4);
    assert_str(x.labels.item[3], S("d,e"));
    static const struct {
        const char *name, *text;
    } bad[] = {
        { "page", "0" },     { "page", "x" },     { "page", "" },       { "kind", "" },
        { "lat", "91" },     { "lat", "nan" },    { "name", "" },       { "name", "a/b" },
        { "name", "\xff" },  { "labels", "x" },   { "numbers", "1,x" }, { "data", "{" },
        { "data", "1 2" },   { "main", "{}" },    { "enabled", "yes" }, { "unit_id", "x" },
        { "seen_at", "1h" }, { "port", "65536" }, { "tags", "a" },
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        if (desc_bind(op, row(bad[i].name), str_of(bad[i].text), &x) != ERR_INVALID)
            test_fail(__FILE__, __LINE__, "%s = %s", bad[i].name, bad[i].text);
        op_clear(op);
    }
    assert_err(op, ERR_INVALID, desc_required(op, &device_desc, 0, QUERY));
    assert_ok(op, desc_required(op, &device_desc, (u64)1 << 17, QUERY));
    assert_err(op, ERR_INVALID, desc_required(op, &device_desc, (u64)1 << 17, ~0u));
}

TEST(desc_texts_for_people)
{
    struct device x = {
        .name = S("a\"b"), .kind = 1, .lat = 0.5, .labels = { (str[]){ S("a"), S("b") }, 2 }
    };
    static const char *const want[][2] = { { "id", "0" },        { "name", "a\"b" },   { "note", "" },
                                           { "kind", "sensor" }, { "port", "" },       { "enabled", "false" },
                                           { "lat", "0.5" },     { "labels", "a, b" }, { "seen_at", "" },
                                           { "numbers", "" },    { "secret", "" } };
    for (size_t i = 0; i < LEN(want); i++) {
        struct buf b = BUF(op->arena);
        field_text(&b, row(want[i][0]), &x);
        assert_str(buf_str(&b), str_of(want[i][1]));
    }
}

TEST(desc_schema_is_json)
{
    struct buf b = BUF(op->arena);
    desc_schema(&b, &tag_desc, true);
    assert_str(buf_str(&b),
               S("{\"type\":\"object\",\"properties\":{\"key\":{\"type\":\"string\",\"minLength\":1,"
                 "\"maxLength\":8},\"weight\":{\"type\":\"integer\",\"format\":\"int64\",\"minimum\":-5,"
                 "\"maximum\":5,\"default\":1}},\"required\":[\"key\"],\"additionalProperties\":false}"));
    static const struct desc *const all[] = { &device_desc, &many_desc, &patch_desc, &nothing_desc };
    for (size_t i = 0; i < LEN(all) * 2; i++) {
        b = BUF(op->arena);
        desc_schema(&b, all[i / 2], i % 2);
        size_t at;
        if (!json_valid(buf_str(&b))) test_fail(__FILE__, __LINE__, "%.*s", STR(buf_str(&b)));
        assert_false(str_find(buf_str(&b), S("\"row\""), &at));
    }
}

TEST(desc_check_finds_faults)
{
    struct buf b = BUF(op->arena);
    static const struct desc *const good[] = { &tag_desc, &pair_desc, &patch_desc, &nothing_desc,
                                               &device_desc };
    for (size_t i = 0; i < LEN(good); i++)
        if (desc_check(&b, good[i])) test_fail(__FILE__, __LINE__, "%.*s", STR(buf_str(&b)));
    struct bad {
        i64 a;
        str forgotten;
        str b;
        i64 last_forgotten;
    };
#define D struct bad
    static const struct field bad_fields[] = { { F(a), .def = "x" }, { F(b) } };
#undef D
    DESC(bad);
    assert_int_equal(desc_check(&b, &bad_desc), 4);
    assert_str(buf_str(&b),
               S("bad.a: its default is refused\nbad.b: input of any length: .max is missing\n"
                 "bad.a: bytes behind it belong to no row\nbad.b: bytes behind it belong to no row\n"));
}

/* A union, as the flow engine's steps will be: `with` has the shape that `type` says, in whatever order they
 * come. */
enum step_type { STEP_HTTP, STEP_DELAY };
static const char *const step_types[] = { "http", "delay", NULL };
struct step_http {
    str url;
};
#define D struct step_http
static const struct field step_http_fields[] = { { F(url), .flags = REQUIRED, .min = 1, .max = 100 } };
#undef D
static DESC(step_http);
struct step_delay {
    i64 seconds;
};
#define D struct step_delay
static const struct field step_delay_fields[] = { { F(seconds), .min = 1, .max = 60, .def = "5" } };
#undef D
static DESC(step_delay);
struct step {
    int type;
    json_raw with;
};
#define D struct step
static const struct field step_fields[] = { { F_ENUM(type, step_types), .flags = REQUIRED },
                                            { F(with), .max = 1000 } };
#undef D
static DESC(step);
static const struct desc *const step_with[] = {
    [STEP_HTTP] = &step_http_desc, [STEP_DELAY] = &step_delay_desc
};

static err_t step_read(struct op *op, str text, void *with)
{
    struct step s;
    TRY(desc_read(op, &step_desc, text, &s));
    return desc_read_raw(op, &step_fields[1], s.with, step_with[s.type], with);
}

TEST(desc_union_by_two_steps)
{
    struct step_http http;
    struct step_delay delay;
    assert_ok(op, step_read(op, S("{\"with\":{\"url\":\"http://x\"},\"type\":\"http\"}"), &http));
    assert_str(http.url, S("http://x"));
    assert_ok(op, step_read(op, S("{\"type\":\"delay\"}"), &delay));
    assert_int_equal(delay.seconds, 5);
    assert_int_equal(step_read(op, S("{\"type\":\"http\",\"with\":{\"url\":1}}"), &http), ERR_INVALID);
    assert_str(op->err.field, S("with.url"));
    assert_int_equal(step_read(op, S("{\"type\":\"delay\",\"with\":{\"url\":\"\"}}"), &delay), ERR_INVALID);
    assert_str(op->err.field, S("with.url"));
    assert_int_equal(step_read(op, S("{\"type\":\"delay\",\"with\":7}"), &delay), ERR_INVALID);
    assert_str(op->err.field, S("with"));
    assert_int_equal(step_read(op, S("{\"type\":\"loop\"}"), &delay), ERR_INVALID);
    assert_str(op->err.field, S("type"));
}
