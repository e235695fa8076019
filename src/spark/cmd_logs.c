/* logs: what a unit wrote, from its files on this machine, or from the server when it runs on another one. */
#include "agent/logread.h"
#include "base/fs.h"
#include "feature/unit/unit_wire.h"
#include "spark/commands.h"
#include "spark/line_level.h"
#include "spark/local_find.h"
#include "spark/remote_logs.h"
#include <unistd.h>

struct logs_in {
    str unit;
    i64 lines;
    bool follow, time;
    int level;
};
#define D struct logs_in
static const struct field logs_in_fields[] = {
    { F(unit), .flags = ARG | REQUIRED, .min = 1, .max = 200, .doc = "Name, id or the beginning of an id.",
      .doc_ru = "Имя, id или начало id." },
    { F(lines), .alt = 'n', .min = -1, .max = 1000000000, .def = "100",
      .doc = "How many of the last lines; -1: all.", .doc_ru = "Сколько последних строк; -1 — все." },
    { F(follow), .alt = 'f', .doc = "Go on as lines are written.",
      .doc_ru = "Продолжать по мере появления строк." },
    { F(time), .alt = 't', .doc = "Show when each line was written.",
      .doc_ru = "Показать время каждой строки." },
    { F_ENUM(level, telemetry_levels), .alt = 'l',
      .doc = "Only lines of this level and worse: debug, info, warn, error, fatal.",
      .doc_ru = "Только строки этого уровня и хуже: debug, info, warn, error, fatal." },
};
#undef D
DESC(logs_in);

struct log_view {
    i64 number;
    time_us time;
    str stream, text;
};
#define D struct log_view
static const struct field log_view_fields[] = { { F(number) }, { F(time) }, { F(stream) }, { F(text) } };
#undef D
static DESC(log_view);

enum { OUT_BLOCK = 65536 };
struct show {
    struct cli *cli;
    const struct logs_in *in;
    struct arena scratch;
    struct buf out; /* in scratch */
    bool failed;
};

static void put_line(struct show *s, const struct log_line *l)
{
    char when[TIME_TEXT];
    if (s->cli->json) {
        struct log_view v = { (i64)l->number, l->time, l->stream == STREAM_ERR ? S("stderr") : S("stdout"),
                              l->text };
        desc_write(&s->out, &log_view_desc, &v);
    } else {
        if (s->in->time) buf_printf(&s->out, "%.*s ", STR(time_text_local(l->time, when)));
        buf_put(&s->out, s->cli->term->out_tty ? term_safe(&s->scratch, l->text) : l->text);
    }
    buf_char(&s->out, '\n');
}

static bool flush(struct show *s)
{
    if (s->out.n && !fs_write_all(STDOUT_FILENO, buf_str(&s->out))) s->failed = true;
    arena_reset(&s->scratch);
    s->out = BUF(&s->scratch);
    return !s->failed;
}

/* A line that does not say counts as information; on stderr as an error, which is what a traceback is. */
static int level_of(const struct log_line *l)
{
    AUTO(arena) struct arena scratch = { 0 };
    enum telemetry_level level = line_level(&scratch, l->text);
    return level ? level : l->stream == STREAM_ERR ? LEVEL_ERROR : LEVEL_INFO;
}

static bool show_line(void *ctx, const struct log_line *l)
{
    struct show *s = ctx;
    if (s->in->level && level_of(l) < s->in->level) return true;
    put_line(s, l);
    return s->out.n < OUT_BLOCK && !s->in->follow ? true : flush(s);
}

static bool show_remote(void *ctx, const struct remote_line *l)
{
    struct show *s = ctx;
    char when[TIME_TEXT];
    if (s->cli->json) {
        struct log_view v = { l->id, l->timestamp, { 0 }, l->message };
        desc_write(&s->out, &log_view_desc, &v);
    } else {
        if (s->in->time) buf_printf(&s->out, "%.*s ", STR(time_text_local(l->timestamp, when)));
        buf_put(&s->out, s->cli->term->out_tty ? term_safe(&s->scratch, l->message) : l->message);
    }
    buf_char(&s->out, '\n');
    return s->out.n < OUT_BLOCK && !s->in->follow ? true : flush(s);
}

static err_t elsewhere(struct cli *cli, const struct logs_in *in, struct show *s)
{
    struct remote_log ask = { in->unit, in->lines, in->level, in->follow };
    return spark_logs_elsewhere(cli->op, &ask, show_remote, s);
}

static err_t finish(struct show *s, err_t e)
{
    if (!e) flush(s);
    arena_free(&s->scratch);
    if (s->failed) s->cli->term->broken = true;
    return e;
}

err_t cmd_logs(struct cli *cli, const void *arg)
{
    const struct logs_in *in = arg;
    struct local_unit u;
    struct show s = { .cli = cli, .in = in };
    s.out = BUF(&s.scratch);
    err_t found = local_find(cli->op, in->unit, &u);
    if (found == ERR_NOT_FOUND) return finish(&s, elsewhere(cli, in, &s));
    TRY(found);
    const char *dir = str_z(cli->op->arena, u.dir);
    err_t e = in->follow ? log_follow(cli->op, dir, in->lines, -1, show_line, &s)
                         : log_read_last(cli->op, dir, in->lines, show_line, &s);
    return finish(&s, e);
}
