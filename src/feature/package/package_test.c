#include "base/enc.h"
#include "tests/unit/world.h"

#define P "/api/spark/packages"
static const char sipd[] =
    "{\"name\":\"sipd\",\"display_name\":\"SIPD Server\",\"description\":\"Signal processing daemon\","
    "\"repository\":\"https://github.com/user/sipd\",\"category\":\"Биомедицина\",\"is_public\":true}";

static void make(struct world *w, const struct person *who, const char *name, const char *more)
{
    str body = arena_printf(w->op->arena, "{\"name\":\"%s\",\"display_name\":\"%s\"%s}", name, name, more);
    assert_said(say_raw(w, who->token, POST, S(P), S("application/json"), body), 201);
}
static struct said publish(struct world *w, const struct person *who, const char *name, const char *version,
                           const char *more)
{
    str path = arena_printf(w->op->arena, P "/%s/versions", name);
    str body = arena_printf(w->op->arena, "{\"version\":\"%s\"%s}", version, more);
    return say_raw(w, who->token, POST, path, S("application/json"), body);
}
#define URL ",\"download_url\":\"https://cdn.netbit.io/a.tar.gz\""
static struct said get(struct world *w, str token, const char *path)
{
    return say(w, token, GET, path, NULL);
}

WORLD(package_is_made_and_read)
{
    struct person ann = world_person(w, "ann");
    struct said s = say(w, ann.token, POST, P, sipd);
    assert_said(s, 201);
    assert_at(w, s, "name", "sipd");
    assert_at(w, s, "author", "ann");
    assert_at(w, s, "downloads", "0");
    assert_at(w, s, "category", "Биомедицина");
    s = publish(w, &ann, "sipd", "1.0.0", URL ",\"changelog\":\"Initial release\",\"is_stable\":true");
    assert_said(s, 201);
    assert_at(w, s, "version", "1.0.0");
    assert_said(publish(w, &ann, "sipd", "1.10.0", URL), 201);
    assert_said(publish(w, &ann, "sipd", "1.9.0", URL), 201);
    for (int i = 0; i < 2; i++) { /* made by a worker, then sent as it is */
        s = get(w, (str){ 0 }, P "/sipd");
        assert_said(s, 200);
        assert_at(w, s, "package.display_name", "SIPD Server");
        assert_at(w, s, "package.is_public", "true");
        assert_at(w, s, "versions.0.version", "1.10.0");
        assert_at(w, s, "versions.1.version", "1.9.0");
        assert_at(w, s, "versions.2.changelog", "Initial release");
        assert_at(w, s, "stats.active_units", "0");
    }
    s = get(w, (str){ 0 }, P);
    assert_at(w, s, "total", "1");
    assert_at(w, s, "limit", "20");
    assert_at(w, s, "packages.0.name", "sipd");
    assert_said(get(w, (str){ 0 }, P "/nothing"), 404);
}

WORLD(package_pages_lists)
{
    struct person ann = world_person(w, "ann");
    make(w, &ann, "beta", ",\"category\":\"optics\",\"tags\":[\"ML\",\"dsp\",\"ML\"]");
    make(w, &ann, "alpha", ",\"category\":\"optics\"");
    make(w, &ann, "gamma-10", "");
    make(w, &ann, "gamma.2", ",\"tags\":[\"ML\"]");
    struct said s = get(w, (str){ 0 }, P "?limit=2&offset=1");
    assert_at(w, s, "total", "4");
    assert_at(w, s, "packages.0.name", "beta");
    assert_at(w, s, "packages.0.tags", "[\"ML\",\"dsp\"]");
    assert_at(w, s, "packages.1.name", "gamma-10"); /* bytewise: '-' is before '.' */
    s = get(w, (str){ 0 }, P "?category=optics&sort=created");
    assert_at(w, s, "total", "2");
    assert_at(w, s, "packages.0.name", "alpha");
    s = get(w, (str){ 0 }, P "?tag=ML&sort=downloads");
    assert_at(w, s, "total", "2");
    s = get(w, (str){ 0 }, P "?offset=9");
    assert_at(w, s, "packages", "[]");
    s = get(w, (str){ 0 }, P "/categories");
    assert_at(w, s, "categories.0.category", "optics");
    assert_at(w, s, "categories.0.packages", "2");
    static const char *const bad[][2] = { { "limit=0", "limit" },  { "limit=101", "limit" },
                                          { "limit=x", "limit" },  { "offset=-1", "offset" },
                                          { "sort=rank", "sort" }, { "tag=", "tag" } };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(w, get(w, (str){ 0 }, arena_printf(op->arena, P "?%s", bad[i][0]).p), 400, bad[i][1]);
}

WORLD(package_refuses_bad_input)
{
    struct person ann = world_person(w, "ann");
    assert_said(say(w, (str){ 0 }, POST, P, sipd), 401);
    str reader = world_token(w, ann.id, 0, "package:read");
    assert_said(say(w, reader, POST, P, sipd), 403);
    static const struct {
        const char *body, *field;
    } bad[] = {
        { "", "" },
        { "[]", "" },
        { "{\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"x\"}", "display_name" },
        { "{\"name\":5,\"display_name\":\"x\"}", "name" },
        { "{\"name\":null,\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"X\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"-x\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"a/b\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"..\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"пакет\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"search\",\"display_name\":\"x\"}", "name" },
        { "{\"name\":\"a123456789b123456789c123456789d123456789e123456789f123456789g123\",\"display_name\":"
          "\"x\"}",
          "name" },
        { "{\"name\":\"x\",\"display_name\":\"  \"}", "display_name" },
        { "{\"name\":\"x\",\"display_name\":\"a\\u0001\"}", "display_name" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"is_public\":\"yes\"}", "is_public" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"repository\":\"javascript:alert(1)\"}", "repository" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"tags\":\"ML\"}", "tags" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"tags\":[\"\"]}", "tags[0]" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"tags\":[\" \"]}", "tags" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"author_id\":1}", "author_id" },
        { "{\"name\":\"x\",\"display_name\":\"x\",\"downloads\":5}", "downloads" },
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(w, say(w, ann.token, POST, P, bad[i].body), 400, bad[i].field);
    const char *nowhere = "{\"name\":\"x\",\"display_name\":\"x\",\"project_id\":77}";
    assert_refused(w, say(w, ann.token, POST, P, nowhere), 404, "project_id");
    struct said s = get(w, ann.token, P);
    assert_at(w, s, "total", "0");
}

WORLD(package_names_are_apart)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    make(w, &ann, "neural-net", "");
    static const char *const close[] = { "neural-net",  "neural_net",   "neural.net",
                                         "neural--net", "neural-_.net", "neural-net-" };
    for (size_t i = 0; i < LEN(close); i++) {
        str body = arena_printf(op->arena, "{\"name\":\"%s\",\"display_name\":\"x\"}", close[i]);
        assert_said(say_raw(w, bob.token, POST, S(P), S("application/json"), body), 409);
    }
    make(w, &bob, "neuralnet", "");
}

WORLD(package_versions_never_change)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    make(w, &ann, "sipd", "");
    assert_said(publish(w, &bob, "sipd", "1.0.0", URL), 403);
    assert_said(publish(w, &ann, "nothing", "1.0.0", URL), 404);
    assert_said(publish(w, &ann, "sipd", "1.0.0", URL), 201);
    assert_said(publish(w, &ann, "sipd", "1.0.0", URL), 409);
    static const char *const bad[] = {
        "1", "1.0", "v1.0.0", "1.0.0+build", "01.0.0", "", "1.0.0-01", "latest"
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_refused(w, publish(w, &ann, "sipd", bad[i], URL), 400, "version");
    assert_refused(w, publish(w, &ann, "sipd", "2.0.0", ",\"download_url\":\"ftp://x\""), 400,
                   "download_url");
    assert_refused(w, publish(w, &ann, "sipd", "2.0.0", URL ",\"checksum\":\"abc\""), 400, "checksum");
    assert_refused(w, publish(w, &ann, "sipd", "2.0.0", ",\"signature\":\"abc\""), 400, "signature");
    assert_refused(w, publish(w, &ann, "sipd", "2.0.0", ",\"size_bytes\":-1"), 400, "size_bytes");
}

static struct said install(struct world *w, const struct person *who, const char *name, const char *version)
{
    const char *quote = strcmp(version, "null") != 0 ? "\"" : "";
    str body = arena_printf(w->op->arena, "{\"package_name\":\"%s\",\"version\":%s%s%s}", name, quote,
                            version, quote);
    return say_raw(w, who->token, POST, S(P "/install"), S("application/json"), body);
}

WORLD(package_install_chooses_a_version)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    make(w, &ann, "sipd", "");
    assert_said(install(w, &bob, "sipd", "null"), 404);
    publish(w, &ann, "sipd", "1.2.0", URL);
    publish(w, &ann, "sipd", "1.10.0", URL);
    publish(w, &ann, "sipd", "1.11.0", URL);
    publish(w, &ann, "sipd", "1.12.0", ""); /* has no archive yet */
    publish(w, &ann, "sipd", "2.0.0-rc.1", URL);
    publish(w, &ann, "sipd", "2.0.0", URL ",\"is_stable\":false");
    assert_said(say(w, bob.token, POST, P "/sipd/versions/1.11.0/yank", "{\"reason\":\"x\"}"), 403);
    assert_refused(w, say(w, ann.token, POST, P "/sipd/versions/1.11.0/yank", "{}"), 400, "reason");
    struct said s = say(w, ann.token, POST, P "/sipd/versions/1.11.0/yank", "{\"reason\":\"loses data\"}");
    assert_at(w, s, "yank_reason", "loses data");
    static const struct {
        const char *wanted, *got;
    } cases[] = { { "null", "1.10.0" },    { "^1", "1.10.0" },
                  { "~1.2", "1.2.0" },     { "1.x", "1.10.0" },
                  { "*", "1.10.0" },       { "1.11.0", "1.11.0" },
                  { ">=1 <1.5", "1.2.0" }, { "2.0.0-rc.1", "2.0.0-rc.1" },
                  { "2.0.0", "2.0.0" },    { ">=2.0.0-a", "2.0.0-rc.1" } };
    for (size_t i = 0; i < LEN(cases); i++) {
        s = install(w, &bob, "sipd", cases[i].wanted);
        assert_said(s, 200);
        assert_at(w, s, "version.version", cases[i].got);
        assert_at(w, s, "version.download_url", "https://cdn.netbit.io/a.tar.gz");
    }
    assert_said(install(w, &bob, "sipd", "3"), 404);
    assert_said(install(w, &bob, "sipd", "9.9.9"), 404);
    assert_said(install(w, &bob, "sipd", "1.12.0"), 409);
    assert_refused(w, install(w, &bob, "sipd", "newest"), 400, "version");
    assert_said(install(w, &bob, "nothing", "null"), 404);
    assert_said(say(w, (str){ 0 }, POST, P "/install", "{\"package_name\":\"sipd\",\"version\":null}"), 401);
    s = say(w, ann.token, POST, P "/sipd/versions/1.11.0/unyank", NULL);
    assert_at(w, s, "yanked_at", "null");
    s = install(w, &bob, "sipd", "null");
    assert_at(w, s, "version.version", "1.11.0");
}

WORLD(package_counts_downloads_once)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    make(w, &ann, "sipd", ",\"category\":\"optics\"");
    publish(w, &ann, "sipd", "1.0.0", URL);
    publish(w, &ann, "sipd", "1.1.0", URL);
    struct said s = get(w, (str){ 0 }, P "/sipd");
    for (int i = 0; i < 3; i++) assert_said(install(w, &bob, "sipd", "1.0.0"), 200);
    s = get(w, (str){ 0 }, P "/sipd"); /* the page that was ready is dropped by the installation */
    assert_at(w, s, "package.downloads", "1");
    assert_said(install(w, &bob, "sipd", "1.1.0"), 200);
    s = install(w, &ann, "sipd", "1.1.0");
    assert_at(w, s, "package.downloads", "3");
    s = get(w, (str){ 0 }, P "/sipd/stats?days=7");
    assert_at(w, s, "downloads", "3");
    assert_at(w, s, "installations", "2");
    assert_at(w, s, "by_day.0.downloads", "3");
    assert_at(w, s, "by_version.0.version", "1.1.0");
    assert_at(w, s, "by_version.0.installations", "2");
    assert_at(w, s, "by_version.1.downloads", "1");
    s = get(w, bob.token, "/api/spark/installations");
    assert_at(w, s, "installations.0.version", "1.1.0");
    assert_said(say(w, bob.token, DELETE, P "/sipd/installation", NULL), 204);
    assert_said(say(w, bob.token, DELETE, P "/sipd/installation", NULL), 404);
    s = get(w, (str){ 0 }, P "/categories");
    assert_at(w, s, "categories.0.downloads", "3");
}

WORLD(package_private_is_hidden)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob"), eva = world_person(w, "eva"),
                  tom = world_person(w, "tom");
    i64 project = world_project(w, "lab", &ann);
    world_member(w, project, &eva, "editor");
    world_member(w, project, &tom, "viewer");
    make(w, &ann, "secret",
         arena_printf(op->arena, ",\"is_public\":false,\"project_id\":%lld", (long long)project).p);
    assert_said(publish(w, &ann, "secret", "1.0.0", URL), 201);
    str hidden_from[] = { { 0 }, bob.token };
    for (size_t i = 0; i < LEN(hidden_from); i++) {
        str t = hidden_from[i];
        assert_said(get(w, t, P "/secret"), 404);
        assert_said(get(w, t, P "/secret/stats"), 404);
        assert_said(get(w, t, P "/secret/versions/1.0.0/archive"), 404);
        struct said s = get(w, t, P);
        assert_at(w, s, "total", "0");
        s = get(w, t, P "/search?q=secret");
        assert_at(w, s, "packages", "[]");
    }
    assert_said(install(w, &bob, "secret", "null"), 404);
    assert_said(publish(w, &bob, "secret", "2.0.0", URL), 404);
    assert_said(get(w, tom.token, P "/secret"), 200);
    struct said s = get(w, tom.token, P "/search?q=secret");
    assert_at(w, s, "packages.0.name", "secret");
    assert_said(publish(w, &tom, "secret", "2.0.0", URL), 403);
    assert_said(publish(w, &eva, "secret", "2.0.0", URL), 201);
    assert_said(say(w, eva.token, DELETE, P "/secret", NULL), 403);
    str body = arena_printf(op->arena, "{\"name\":\"x\",\"display_name\":\"x\",\"project_id\":%lld}",
                            (long long)project);
    assert_said(say_raw(w, tom.token, POST, S(P), S("application/json"), body), 403);
    str token = world_token(w, ann.id, project, "package:read package:write");
    assert_said(get(w, token, P "/secret"), 200);
    s = get(w, token, P);
    assert_at(w, s, "total", "1");
    /* public for a moment: its page is ready, and gone when it is private again */
    assert_said(say(w, ann.token, PATCH, P "/secret", "{\"is_public\":true}"), 200);
    assert_said(get(w, (str){ 0 }, P "/secret"), 200);
    assert_said(say(w, ann.token, PATCH, P "/secret", "{\"is_public\":false}"), 200);
    assert_said(get(w, (str){ 0 }, P "/secret"), 404);
}

WORLD(package_changes_and_goes)
{
    struct person ann = world_person(w, "ann"), bob = world_person(w, "bob");
    make(w, &ann, "sipd", ",\"description\":\"old\",\"tags\":[\"a\"]");
    make(w, &ann, "sipd2", "");
    struct said s = say(w, ann.token, PATCH, P "/sipd",
                        "{\"description\":null,\"tags\":[\"b\"],\"display_name\":\"New\"}");
    assert_said(s, 200);
    assert_at(w, s, "description", "null");
    assert_at(w, s, "tags", "[\"b\"]");
    assert_at(w, s, "display_name", "New");
    s = get(w, (str){ 0 }, P "?tag=a");
    assert_at(w, s, "total", "0");
    assert_said(say(w, bob.token, PATCH, P "/sipd", "{\"display_name\":\"x\"}"), 403);
    assert_refused(w, say(w, ann.token, PATCH, P "/sipd", "{\"name\":\"y\"}"), 400, "name");
    assert_refused(w, say(w, ann.token, PATCH, P "/sipd", "{\"display_name\":null}"), 400, "display_name");
    s = say(w, ann.token, POST, P "/sipd/deprecate", "{\"message\":\"old\",\"replacement\":\"sipd2\"}");
    assert_at(w, s, "deprecated", "old");
    assert_at(w, s, "replacement", "sipd2");
    assert_refused(
        w, say(w, ann.token, POST, P "/sipd/deprecate", "{\"message\":\"old\",\"replacement\":\"sipd\"}"),
        400, "replacement");
    assert_said(
        say(w, ann.token, POST, P "/sipd/deprecate", "{\"message\":\"old\",\"replacement\":\"none\"}"), 404);
    publish(w, &ann, "sipd", "1.0.0", URL);
    install(w, &bob, "sipd", "null");
    assert_said(say(w, bob.token, DELETE, P "/sipd", NULL), 403);
    assert_said(say(w, ann.token, DELETE, P "/sipd", NULL), 409);
    assert_said(say(w, bob.token, DELETE, P "/sipd/installation", NULL), 204);
    assert_said(say(w, ann.token, DELETE, P "/sipd", NULL), 204);
    assert_said(get(w, (str){ 0 }, P "/sipd"), 404);
    make(w, &bob, "sipd", "");
}

static void assert_first(struct world *w, const char *q, const char *name)
{
    struct said s =
        say_raw(w, (str){ 0 }, GET,
                arena_printf(w->op->arena, P "/search?q=%.*s", STR(percent_encode(w->op->arena, str_of(q)))),
                (str){ 0 }, (str){ 0 });
    assert_said(s, 200);
    if (!str_is(said_at(w, &s, "packages.0.name"), name))
        test_fail(__FILE__, __LINE__, "'%s': %.*s", q, STR(s.body));
}

WORLD(package_search_ranks)
{
    struct person ann = world_person(w, "ann");
    make(w, &ann, "sipd",
         ",\"description\":\"Signal processing daemon\",\"category\":\"Биомедицина\",\"tags\":[\"dsp\"]");
    make(w, &ann, "neural-net-model",
         ",\"description\":\"A trained classifier of signals\",\"tags\":[\"ML\",\"Python\"]");
    make(w, &ann, "spectrum", ",\"description\":\"Обработка сигналов и спектральный анализ\"");
    make(w, &ann, "signal", ",\"description\":\"Chat client\"");
    make(w, &ann, "cardio", ",\"description\":\"Анализатор электрокардиограмм\"");
    static const char *const cases[][2] = {
        { "sipd", "sipd" },
        { "SIPD", "sipd" },
        { "signals processed", "sipd" },
        { "daemons", "sipd" },
        { "signal", "signal" },
        { "signl", "signal" },
        { "procesing daemon", "sipd" },
        { "dsp", "sipd" },
        { "neural", "neural-net-model" },
        { "neuralnetmodel", "neural-net-model" },
        { "neural_net_model", "neural-net-model" },
        { "classifeir", "neural-net-model" },
        { "сигналы", "spectrum" },
        { "обработке", "spectrum" },
        { "сигнала", "spectrum" },
        { "анализатора", "cardio" },
        { "анализаторр", "cardio" },
        { "электрокардиограмма", "cardio" },
        { "биомедицины", "sipd" },
        { "спектр", "spectrum" },
        { "neu", "neural-net-model" },
        { "python", "neural-net-model" },
    };
    for (size_t i = 0; i < LEN(cases); i++) assert_first(w, cases[i][0], cases[i][1]);
    struct said s = get(w, (str){ 0 }, P "/search?q=quantum");
    assert_at(w, s, "packages", "[]");
    s = get(w, (str){ 0 }, P "/search?q=%20%25_%27");
    assert_at(w, s, "packages", "[]");
    s = get(w, (str){ 0 }, P "/search?q=signal&limit=1");
    assert_true(!said_at(w, &s, "packages.1").p);
    assert_refused(w, get(w, (str){ 0 }, P "/search"), 400, "q");
    assert_refused(w, get(w, (str){ 0 }, P "/search?q="), 400, "q");
    assert_refused(w, get(w, (str){ 0 }, P "/search?q=a&limit=101"), 400, "limit");
    assert_said(say(w, ann.token, PATCH, P "/signal", "{\"description\":\"Messenger\"}"), 200);
    s = get(w, (str){ 0 }, P "/search?q=chat"); /* what is gone from the text is gone from the index */
    assert_at(w, s, "packages", "[]");
}
