#include "base/fs.h"
#include "base/lang.h"
#include "base/term_impl.h"
#include <sys/ioctl.h>
#include <unistd.h>

static int terminal_width(int fd)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    i64 n;
    if (columns && str_to_i64(str_of(columns), &n) && n >= 20 && n <= 1000) return (int)n;
    return !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col >= 20 ? size.ws_col : 80;
}

/* NO_COLOR and TERM=dumb are asked of every program (no-color.org). */
static bool colour_wanted(void)
{
    const char *no = getenv("NO_COLOR"), *kind = getenv("TERM");
    return !(no && *no) && kind && *kind && strcmp(kind, "dumb") != 0;
}

void term_setup(struct term *t, bool allow_colour)
{
    *t = (struct term){ .out = STDOUT_FILENO, .err = STDERR_FILENO };
    t->out_tty = isatty(t->out);
    t->err_tty = isatty(t->err);
    t->colour = allow_colour && colour_wanted();
    t->width = terminal_width(t->out_tty ? t->out : t->err);
}

void term_write(int fd, struct term *t, str s)
{
    if (fd == t->out && t->broken) return;
    if (!fs_write_all(fd, s) && fd == t->out) t->broken = true;
}

static const char *const tone_code[] = {
    [TONE_PLAIN] = "",       [TONE_GOOD] = "\033[32m", [TONE_WARN] = "\033[33m",
    [TONE_BAD] = "\033[31m", [TONE_DIM] = "\033[2m",   [TONE_BOLD] = "\033[1m",
};

str term_tone_on(const struct term *t, bool tty, enum tone tone)
{
    return str_of(t->colour && tty ? tone_code[tone] : "");
}

str term_tone_off(const struct term *t, bool tty, enum tone tone)
{
    return t->colour && tty && tone != TONE_PLAIN ? S("\033[0m") : S("");
}

void term_put(struct term *t, str s) { term_write(t->out, t, s); }

void term_say(struct term *t, enum tone tone, const char *fmt, ...)
{
    if (t->quiet && tone != TONE_WARN && tone != TONE_BAD) return;
    AUTO(arena) struct arena a = { 0 };
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(&a, fmt, ap);
    va_end(ap);
    struct buf b = BUF(&a);
    buf_put(&b, term_tone_on(t, t->err_tty, tone));
    /* Lines of its own making are kept, anything else that steers a terminal is not. */
    str line, rest = text;
    for (bool more = true, first = true; more; first = false) {
        more = str_cut(rest, '\n', &line, &rest);
        if (!first) buf_char(&b, '\n');
        buf_put(&b, term_safe(&a, line));
    }
    buf_put(&b, term_tone_off(t, t->err_tty, tone));
    buf_char(&b, '\n');
    term_write(t->err, t, buf_str(&b));
}

/* ---- tables ---- */
enum { GAP = 2, NARROWEST = 8 };

static void fit(const struct term *t, size_t *width, size_t cols)
{
    size_t total = GAP * (cols - 1);
    for (size_t c = 0; c < cols; c++) total += width[c];
    while (t->out_tty && total > (size_t)t->width) {
        size_t widest = 0;
        for (size_t c = 1; c < cols; c++)
            if (width[c] > width[widest]) widest = c;
        if (width[widest] <= NARROWEST) return;
        width[widest]--;
        total--;
    }
}

static void put_cell(struct term *t, struct buf *b, struct term_cell cell, size_t width, bool last)
{
    size_t n = term_width_of(cell.text);
    buf_put(b, term_tone_on(t, t->out_tty, cell.tone));
    if (n > width) {
        buf_put(b, term_head(cell.text, width - 1));
        buf_put(b, S("…"));
        n = term_width_of(term_head(cell.text, width - 1)) + 1;
    } else {
        buf_put(b, cell.text);
    }
    buf_put(b, term_tone_off(t, t->out_tty, cell.tone));
    for (; !last && n < width + GAP; n++) buf_char(b, ' ');
}

static bool rest_is_empty(const struct term_cell *row, size_t from, size_t cols)
{
    for (size_t c = from; c < cols; c++)
        if (row[c].text.n) return false;
    return true;
}

static void put_row(struct term *t, struct buf *b, const struct term_cell *row, const size_t *width,
                    size_t cols)
{
    for (size_t c = 0; c < cols; c++) {
        bool last = c + 1 == cols || rest_is_empty(row, c + 1, cols);
        put_cell(t, b, row[c], width[c], last);
        if (last) break;
    }
    buf_char(b, '\n');
}

void term_table(struct term *t, const str *head, const struct term_cell *cells, size_t rows, size_t cols)
{
    AUTO(arena) struct arena a = { 0 };
    if (!cols) return;
    size_t lines = rows + (head != NULL), *width = NEWN(&a, size_t, cols);
    struct term_cell *cell = NEWN(&a, struct term_cell, lines * cols), *at = cell;
    for (size_t c = 0; head && c < cols; c++) *at++ = (struct term_cell){ head[c], TONE_BOLD };
    for (size_t i = 0; i < rows * cols; i++) *at++ = cells[i];
    for (size_t i = 0; i < lines * cols; i++) {
        cell[i].text = term_safe(&a, cell[i].text);
        width[i % cols] = MAX(width[i % cols], term_width_of(cell[i].text));
    }
    fit(t, width, cols);
    struct buf b = BUF(&a);
    for (size_t i = 0; i < lines; i++) put_row(t, &b, cell + i * cols, width, cols);
    term_put(t, buf_str(&b));
}

str term_bytes(i64 n, char out[static TERM_BYTES])
{
    static const char *const unit[][2] = { { "B", "Б" },     { "KiB", "КиБ" }, { "MiB", "МиБ" },
                                           { "GiB", "ГиБ" }, { "TiB", "ТиБ" }, { "PiB", "ПиБ" } };
    double v = (double)n;
    size_t u = 0;
    for (; v >= 1023.95 && u + 1 < LEN(unit); u++) v /= 1024;
    int len = snprintf(out, TERM_BYTES, u ? "%.1f %s" : "%.0f %s", v, unit[u][lang_now == LANG_RU]);
    char *point = lang_now == LANG_RU ? memchr(out, '.', (size_t)len) : NULL;
    if (point) *point = ',';
    return (str){ out, (size_t)len };
}
