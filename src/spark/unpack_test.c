#include "base/fs.h"
#include "spark/archive_util.h"
#include "spark/unpack.h"
#include "tests/unit/test.h"
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One raw ustar entry: archives that an honest writer refuses to make. */
struct raw {
    const char *name;
    char type;
    const char *link;
    unsigned mode;
    const char *data;
    i64 claimed; /* size in the header; 0: the data's */
};

static void put_entry(struct buf *b, const struct raw *r)
{
    char h[512] = { 0 };
    size_t n = r->data ? strlen(r->data) : 0;
    snprintf(h, 100, "%s", r->name);
    snprintf(h + 100, 8, "%07o", (r->mode ? r->mode : 0644) & 07777);
    snprintf(h + 108, 8, "%07o", 0);
    snprintf(h + 116, 8, "%07o", 0);
    snprintf(h + 124, 12, "%011llo", (unsigned long long)(r->claimed ? r->claimed : (i64)n));
    snprintf(h + 136, 12, "%011o", 0);
    memset(h + 148, ' ', 8);
    h[156] = r->type;
    snprintf(h + 157, 100, "%s", r->link ? r->link : "");
    memcpy(h + 257, "ustar\00000", 8);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof h; i++) sum += (u8)h[i];
    snprintf(h + 148, 8, "%06o", sum & 0777777);
    buf_put(b, (str){ h, sizeof h });
    buf_put(b, (str){ r->data, n });
    while (b->n % 512) buf_char(b, 0);
}

static err_t extract(struct op *op, str bytes, const struct unpack_limits *limits, const char *into,
                     struct unpacked *out)
{
    char file[] = "/tmp/netbit-unpack-XXXXXX";
    AUTO(fd) int fd = mkstemp(file);
    unlink(file);
    assert_true(fd >= 0 && fs_write_all(fd, bytes) && !lseek(fd, 0, SEEK_SET));
    return unpack(op, fd, into, &(struct unpack_options){ .limits = limits }, out);
}

static str tar_of(struct op *op, const struct raw *entry, size_t n)
{
    struct buf b = BUF(op->arena);
    for (size_t i = 0; i < n; i++) put_entry(&b, &entry[i]);
    static const char end[1024];
    buf_put(&b, (str){ end, sizeof end });
    return buf_str(&b);
}

TEST(unpack_refuses_hostile_archives)
{
    static const struct {
        const char *what;
        struct raw entry[3];
        err_t want;
    } rows[] = {
        { "parent folder", { { "../evil", '0', .data = "x" } }, ERR_INVALID },
        { "parent in the middle", { { "a/../../evil", '0', .data = "x" } }, ERR_INVALID },
        { "parent at the end", { { "a/..", '5' } }, ERR_INVALID },
        { "absolute", { { "/tmp/evil", '0', .data = "x" } }, ERR_INVALID },
        { "empty name", { { "a//b", '0', .data = "x" } }, ERR_INVALID },
        { "dot in the middle", { { "a/./b", '0', .data = "x" } }, ERR_INVALID },
        { "control character", { { "a\033[2Jb", '0', .data = "x" } }, ERR_INVALID },
        { "not UTF-8", { { "a\xff", '0', .data = "x" } }, ERR_INVALID },
        { "absolute symlink", { { "l", '2', "/etc/passwd" } }, ERR_INVALID },
        { "symlink up", { { "l", '2', "../x" } }, ERR_INVALID },
        { "symlink up from a folder", { { "a/b/l", '2', "../../../x" } }, ERR_INVALID },
        { "symlink climbs behind a name",
          { { "a/b/d", '2', "../.." }, { "e", '2', "a/b/d/.." } },
          ERR_INVALID },
        { "symlink without a target", { { "l", '2', "" } }, ERR_INVALID },
        { "file through a symlink", { { "l", '2', "." }, { "l/x", '0', .data = "x" } }, ERR_INVALID },
        { "symlink over a file", { { "l", '0', .data = "x" }, { "l", '2', "x" } }, ERR_INVALID },
        { "file over a symlink's name", { { "l", '2', "x" }, { "l", '0', .data = "x" } }, ERR_INVALID },
        { "symlink below a symlink", { { "l", '2', "." }, { "l/m", '2', "x" } }, ERR_INVALID },
        { "hard link out", { { "h", '1', "../../etc/passwd" } }, ERR_INVALID },
        { "hard link absolute", { { "h", '1', "/etc/passwd" } }, ERR_INVALID },
        { "hard link to nothing", { { "h", '1', "x" } }, ERR_INVALID },
        { "hard link to a symlink", { { "s", '2', "x" }, { "h", '1', "s" } }, ERR_INVALID },
        { "hard link to a folder", { { "d", '5' }, { "h", '1', "d" } }, ERR_INVALID },
        { "character device", { { "c", '3' } }, ERR_INVALID },
        { "block device", { { "b", '4' } }, ERR_INVALID },
        { "pipe", { { "p", '6' } }, ERR_INVALID },
        { "twice", { { "a", '0', .data = "x" }, { "a", '0', .data = "y" } }, ERR_INVALID },
        { "file as folder", { { "a", '0', .data = "x" }, { "a/b", '0', .data = "y" } }, ERR_INVALID },
        { "folder as file", { { "a/b", '0', .data = "x" }, { "a", '0', .data = "y" } }, ERR_INVALID },
        { "cut off", { { "a", '0', .data = "x", .claimed = 5000 } }, ERR_INVALID },
        { "huge claim", { { "a", '0', .data = "x", .claimed = GIB(7) } }, ERR_LIMIT },
        { "too many files",
          { { "a", '0', .data = "x" }, { "b", '0', .data = "x" }, { "c", '0', .data = "x" } },
          ERR_LIMIT },
        { "too deep", { { "1/2/3/4/5/6", '0', .data = "x" } }, ERR_INVALID },
        { "only folders", { { "a", '5' } }, ERR_INVALID },
    };
    struct unpack_limits limits = unpack_defaults;
    limits.files = 2, limits.depth = 5, limits.total_bytes = GIB(1);
    for (size_t i = 0; i < LEN(rows); i++) {
        size_t n = 0;
        while (n < LEN(rows[i].entry) && rows[i].entry[n].name) n++;
        const char *into = str_z(op->arena, arena_printf(op->arena, "%s/in/side", test_dir()));
        assert_ok(op, fs_make_dirs(op, into, 0700));
        struct unpacked u;
        err_t e = extract(op, tar_of(op, rows[i].entry, n), &limits, into, &u);
        if (e != rows[i].want)
            test_fail(__FILE__, __LINE__, "%s: %s %.*s", rows[i].what, err_name(e), STR(op->err.msg));
        assert_true(op->err.msg.n > 0);
        op_clear(op);
        assert_false(fs_exists(arena_printf(op->arena, "%s/../evil", into).p));
        assert_false(fs_exists(arena_printf(op->arena, "%s/../../evil", into).p));
    }
    assert_false(fs_exists("/tmp/evil"));
}

TEST(unpack_takes_what_is_sound)
{
    static const struct raw entries[] = {
        { "./", '5' },
        { "./a/", '5' },
        { "./a/run", '0', .mode = 06755, .data = "#!/bin/sh\n" },
        { "a/same", '1', "./a/run" },
        { "n/.bin/tool", '2', "../pkg/./tool.js" },
        { "n/pkg/tool.js", '0', .mode = 0666, .data = "1" },
        { "dangling", '2', "nowhere/at/all" },
    };
    const char *into = str_z(op->arena, str_of(test_dir()));
    struct unpacked u;
    assert_ok(op, extract(op, tar_of(op, entries, LEN(entries)), &unpack_defaults, into, &u));
    assert_int_equal(u.files, 5);
    struct stat st;
    assert_int_equal(stat(arena_printf(op->arena, "%s/a/run", into).p, &st), 0);
    assert_int_equal(st.st_mode & 07000, 0);
    assert_true(st.st_mode & 0100);
    assert_int_equal(st.st_nlink, 2);
    assert_int_equal(stat(arena_printf(op->arena, "%s/n/.bin/tool", into).p, &st), 0);
    assert_int_equal(st.st_mode & 0111, 0);
}

static la_ssize_t to_buf(struct archive *a, void *ctx, const void *p, size_t n)
{
    (void)a;
    buf_put(ctx, (str){ p, n });
    return (la_ssize_t)n;
}

/* 64 MiB of zeros in a few KB. */
static str bomb(struct op *op)
{
    struct buf b = BUF(op->arena);
    static const char zeros[1 << 20];
    struct archive *a = archive_write_new();
    archive_write_add_filter_zstd(a);
    archive_write_set_format_ustar(a);
    archive_write_set_bytes_in_last_block(a, 1);
    assert_int_equal(archive_write_open(a, &b, NULL, to_buf, NULL), ARCHIVE_OK);
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, "zeros");
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (i64)sizeof zeros * 64);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    for (int i = 0; i < 64; i++) assert_int_equal(archive_write_data(a, zeros, sizeof zeros), sizeof zeros);
    archive_entry_free(e);
    archive_write_close(a);
    archive_write_free(a);
    return buf_str(&b);
}

TEST(unpack_stops_at_a_bomb)
{
    str bytes = bomb(op);
    struct unpacked u;
    struct unpack_limits limits = unpack_defaults;
    limits.ratio_from = MIB(8);
    const char *into = str_z(op->arena, str_of(test_dir()));
    assert_err(op, ERR_LIMIT, extract(op, bytes, &limits, into, &u));
    struct stat st;
    assert_int_equal(stat(arena_printf(op->arena, "%s/zeros", into).p, &st), 0);
    assert_true(st.st_size <= MIB(9));
    limits = unpack_defaults;
    limits.total_bytes = MIB(16);
    assert_err(op, ERR_LIMIT, extract(op, bytes, &limits, str_z(op->arena, str_of(test_dir())), &u));
    assert_ok(op, extract(op, bytes, &unpack_defaults, str_z(op->arena, str_of(test_dir())), &u));
    assert_int_equal(u.bytes, MIB(64));
}

TEST(unpack_refuses_damage)
{
    str good = bomb(op);
    struct unpacked u;
    static const char *const junk[] = { "", "hello", "PK\003\004", "\x1f\x8b\x08\x00", "\x28\xb5\x2f\xfd" };
    for (size_t i = 0; i < LEN(junk); i++)
        assert_err(op, ERR_INVALID,
                   extract(op, str_of(junk[i]), &unpack_defaults, str_z(op->arena, str_of(test_dir())), &u));
    assert_err(
        op, ERR_INVALID,
        extract(op, str_head(good, good.n / 2), &unpack_defaults, str_z(op->arena, str_of(test_dir())), &u));
}
