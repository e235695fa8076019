#include "feature/package/package_rules.h"
#include "tests/unit/world.h"
#include <archive.h>
#include <archive_entry.h>

#define P       "/api/spark/packages"
#define VERSION P "/sipd/versions/1.0.0"

struct file {
    const char *path, *text;
    i64 zeros; /* instead of a text */
};

static str packed(struct op *op, const struct file *f, size_t n)
{
    size_t room = 1 << 20, used = 0;
    char *out = arena_alloc(op->arena, room);
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_memory(a, out, room, &used), ARCHIVE_OK);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *e = archive_entry_new();
        i64 size = f[i].text ? (i64)strlen(f[i].text) : f[i].zeros;
        archive_entry_set_pathname(e, f[i].path);
        archive_entry_set_size(e, size);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        static const char zeros[65536];
        for (i64 left = size; left > 0 && !f[i].text; left -= (i64)sizeof zeros)
            archive_write_data(a, zeros, MIN((size_t)left, sizeof zeros));
        if (f[i].text) archive_write_data(a, f[i].text, (size_t)size);
        archive_entry_free(e);
    }
    archive_write_close(a);
    archive_write_free(a);
    return (str){ out, used };
}

static void publish(struct world *w, str archive)
{
    struct person ann = world_person(w, "ann");
    assert_said(say(w, ann.token, POST, P, "{\"name\":\"sipd\",\"display_name\":\"SIPD\"}"), 201);
    assert_said(say(w, ann.token, POST, P "/sipd/versions", "{\"version\":\"1.0.0\"}"), 201);
    assert_said(say(w, (str){ 0 }, GET, VERSION "/readme", NULL), 404);
    struct raw put = { .token = ann.token, .method = "PUT", .path = VERSION "/archive", .body = archive };
    assert_said(say_plain(w, &put, NULL), 200);
}

WORLD(package_readme_is_found)
{
    static const struct file files[] = { { "src/README.md", "not at the top", 0 },
                                         { "./Readme.md", "# Привет\n", 0 } };
    publish(w, packed(op, files, LEN(files)));
    struct said s = say(w, (str){ 0 }, GET, VERSION "/readme", NULL);
    assert_said(s, 200);
    assert_at(w, s, "file", "./Readme.md");
    assert_at(w, s, "text", "# Привет\n");
    assert_said(say(w, (str){ 0 }, GET, P "/sipd/versions/2.0.0/readme", NULL), 404);
}

WORLD(package_readme_of_a_bomb_is_none)
{
    static const struct file files[] = { { "big", NULL, MIB(65) }, { "README.md", "x", 0 } };
    publish(w, packed(op, files, LEN(files)));
    assert_said(say(w, (str){ 0 }, GET, VERSION "/readme", NULL), 404);
}

WORLD(package_readme_must_be_text)
{
    static const struct file files[] = { { "README", "\xff\xfe", 0 } };
    publish(w, packed(op, files, LEN(files)));
    assert_said(say(w, (str){ 0 }, GET, VERSION "/readme", NULL), 404);
}
