#include "agent/agent_client.h"
#include "base/fs.h"
#include "spark/sign.h"
#include "spark/store.h"
#include "tests/unit/test.h"
#include <sys/stat.h>
#include <unistd.h>

static const char *home(struct op *op)
{
    const char *dir = str_z(op->arena, str_of(test_dir()));
    static char text[200];
    snprintf(text, sizeof text, "NETBIT_HOME=%s", dir);
    assert_int_equal(putenv(text), 0);
    return dir;
}

static void put(struct op *op, str dir, const char *name, const char *text)
{
    assert_ok(op, fs_replace(op, arena_printf(op->arena, "%.*s/%s", STR(dir), name).p, str_of(text), 0644));
}

static struct installed describe(const char *name, const char *version, char digest)
{
    static char sums[256][65];
    char *sum = sums[(u8)digest];
    memset(sum, digest, 64);
    return (struct installed){
        .name = str_of(name), .version = str_of(version), .checksum = { sum, 64 }, .size_bytes = 5
    };
}

static void install(struct op *op, struct installed *p, const char *content, const char *package_json)
{
    AUTO(store_lock) struct store_lock lock = { 0 };
    str stage;
    assert_ok(op, store_lock(op, p->name, NULL, NULL, &lock));
    assert_ok(op, store_stage(op, p->name, &stage));
    put(op, stage, "main.js", content);
    if (package_json) put(op, stage, "package.json", package_json);
    assert_ok(op, store_commit(op, p, stage));
}

static str content(struct op *op, str dir)
{
    str text;
    assert_ok(op, fs_read(op, arena_printf(op->arena, "%.*s/main.js", STR(dir)).p, 100, &text));
    return text;
}

TEST(store_switches_versions)
{
    home(op);
    struct installed one = describe("web", "1.0.0", 'a'), two = describe("web", "1.1.0", 'b'), got;
    assert_err(op, ERR_NOT_FOUND, store_find(op, S("web"), &got));
    install(op, &one, "one", NULL);
    assert_ok(op, store_find(op, S("web"), &got));
    assert_str(got.version, S("1.0.0"));
    assert_true(got.installed_at.us > 0);
    assert_str(content(op, store_link(op, S("web"))), S("one"));
    assert_str(got.path, one.path);
    install(op, &two, "two", NULL);
    assert_str(content(op, store_link(op, S("web"))), S("two"));
    assert_false(fs_exists(one.path.p));
    struct installed_list all;
    install(op, &(struct installed[]){ describe("alpha", "0.1.0", 'c') }[0], "x", NULL);
    assert_ok(op, store_list(op, &all));
    assert_int_equal(all.packages.n, 2);
    assert_str(all.packages.item[0].name, S("alpha"));
    assert_ok(op, store_remove(op, S("web")));
    assert_err(op, ERR_NOT_FOUND, store_find(op, S("web"), &got));
    assert_false(fs_exists(two.path.p));
    assert_err(op, ERR_NOT_FOUND, store_remove(op, S("web")));
}

TEST(store_keeps_what_a_unit_uses)
{
    const char *dir = home(op);
    struct installed one = describe("web", "1.0.0", 'a'), two = describe("web", "1.1.0", 'b');
    install(op, &one, "one", NULL);
    const char *unit = arena_printf(op->arena, "%s/spark/units/01890000-0000-7000-8000-00000000000a", dir).p;
    assert_ok(op, fs_make_dirs(op, unit, 0700));
    put(op, str_of(unit), "unit.json",
        arena_printf(op->arena, "{\"spec\":{\"package_dir\":\"%.*s\"},\"desired\":\"running\"}",
                     STR(one.path))
            .p);
    install(op, &two, "two", NULL);
    assert_str(content(op, one.path), S("one"));
    assert_true(store_has(op, &one));
    put(op, str_of(unit), "unit.json", "{broken");
    struct installed three = describe("web", "1.2.0", 'c');
    install(op, &three, "three", NULL);
    assert_str(content(op, two.path), S("two"));
    assert_ok(op, fs_remove_tree(op, unit));
    AUTO(store_lock) struct store_lock lock = { 0 };
    assert_ok(op, store_lock(op, S("web"), NULL, NULL, &lock));
    assert_ok(op, store_commit(op, &two, (str){ 0 }));
    assert_str(content(op, store_link(op, S("web"))), S("two"));
    assert_false(fs_exists(one.path.p));
    assert_false(fs_exists(three.path.p));
}

TEST(store_metadata_joins_the_packages_own)
{
    home(op);
    struct installed p = describe("web", "1.0.0", 'a'), got;
    str text;
    size_t at;
    install(
        op, &p, "x",
        "{\"name\":\"@me/other\",\"type\":\"module\",\"netbit\":{\"name\":\"evil\",\"version\":\"9.9.9\"}}");
    assert_ok(op, fs_read(op, arena_printf(op->arena, "%.*s/package.json", STR(p.path)).p, 10000, &text));
    assert_true(json_valid(text));
    assert_true(str_find(text, S("\"type\":\"module\""), &at));
    assert_true(str_find(text, S("@me/other"), &at));
    assert_false(str_find(text, S("evil"), &at));
    assert_ok(op, store_find(op, S("web"), &got));
    assert_str(got.version, S("1.0.0"));

    struct installed bad = describe("bad", "1.0.0", 'b');
    AUTO(store_lock) struct store_lock lock = { 0 };
    str stage;
    assert_ok(op, store_lock(op, bad.name, NULL, NULL, &lock));
    assert_ok(op, store_stage(op, bad.name, &stage));
    put(op, stage, "package.json", "[1]");
    assert_err(op, ERR_INVALID, store_commit(op, &bad, stage));
    assert_err(op, ERR_NOT_FOUND, store_find(op, S("bad"), &got));
}

TEST(store_again_exchanges_and_clears_leftovers)
{
    home(op);
    struct installed p = describe("web", "1.0.0", 'a');
    install(op, &p, "first", NULL);
    str left;
    AUTO(store_lock) struct store_lock lock = { 0 };
    assert_ok(op, store_lock(op, p.name, NULL, NULL, &lock));
    assert_ok(op, store_stage(op, p.name, &left));
    put(op, left, "half", "x");
    store_lock_done(&lock);
    lock.fd = 0;
    install(op, &p, "second", NULL);
    assert_str(content(op, store_link(op, S("web"))), S("second"));
    assert_false(fs_exists(left.p));
}

TEST(sign_and_verify)
{
    home(op);
    struct sign_key k, again;
    str sig;
    assert_ok(op, sign_key_new(op, S("default"), &k));
    assert_err(op, ERR_CONFLICT, sign_key_new(op, S("default"), &k));
    assert_err(op, ERR_INVALID, sign_key_new(op, S("../x"), &again));
    assert_ok(op, sign_key_load(op, S("default"), &again));
    assert_str(again.secret_key, k.secret_key);
    struct stat st;
    assert_int_equal(stat(spark_path(op, "keys/default.json").p, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    struct signed_package p = { S("web"), S("1.0.0"), S("abcd") }, q = p;
    assert_ok(op, sign_package(op, &k, &p, &sig));
    assert_ok(op, sign_verify(op, k.public_key, sig, &p));
    q.version = S("1.0.1");
    assert_err(op, ERR_PRECONDITION, sign_verify(op, k.public_key, sig, &q));
    q = p;
    q.checksum = S("abce");
    assert_err(op, ERR_PRECONDITION, sign_verify(op, k.public_key, sig, &q));
    assert_err(op, ERR_PRECONDITION, sign_verify(op, S("AAAA"), sig, &p));
    assert_err(op, ERR_PRECONDITION, sign_verify(op, k.public_key, S("!"), &p));
    struct sign_key other;
    assert_ok(op, sign_key_new(op, S("other"), &other));
    assert_err(op, ERR_PRECONDITION, sign_verify(op, other.public_key, sig, &p));
    struct sign_key_list all;
    assert_ok(op, sign_key_list(op, &all));
    assert_int_equal(all.keys.n, 2);
}

TEST(sign_remembers_who_signed_first)
{
    home(op);
    str server = S("http://a"), p = S("web");
    assert_ok(op, trust_check(op, server, p, (str){ 0 }, false));
    assert_ok(op, trust_check(op, server, p, S("KEY1"), false));
    assert_ok(op, fs_make_dirs(op, spark_path(op, "").p, 0700));
    assert_ok(op, trust_remember(op, server, p, S("KEY1")));
    assert_ok(op, trust_check(op, server, p, S("KEY1"), false));
    assert_err(op, ERR_PRECONDITION, trust_check(op, server, p, S("KEY2"), false));
    assert_err(op, ERR_PRECONDITION, trust_check(op, server, p, (str){ 0 }, false));
    assert_ok(op, trust_check(op, server, p, S("KEY2"), true));
    assert_ok(op, trust_remember(op, server, p, S("KEY2")));
    assert_ok(op, trust_check(op, server, p, S("KEY2"), false));
    assert_ok(op, trust_check(op, S("http://b"), p, S("KEY9"), false));
}
