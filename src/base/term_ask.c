/* Progress and questions. */
#include "base/fs.h"
#include "base/lang.h"
#include "base/term_impl.h"
#include "base/time.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

/* ---- progress ---- */
enum { BAR = 24 };

static str clock_text(i64 s, char out[static TIME_TEXT])
{
    int n = s >= 3600
                ? snprintf(out, TIME_TEXT, "%d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60))
                : snprintf(out, TIME_TEXT, "%d:%02d", (int)(s / 60), (int)(s % 60));
    return (str){ out, (size_t)n };
}

static i64 rate_of(const struct progress *p, i64 now)
{
    i64 us = now - p->began_us;
    return us > 0 ? (i64)((double)(p->done - p->from) * 1e6 / (double)us) : 0;
}

static void put_bytes(struct buf *b, i64 n)
{
    char text[TERM_BYTES];
    buf_put(b, term_bytes(n, text));
}

static void put_figures(struct buf *b, const struct progress *p, i64 now, bool ended)
{
    char text[TIME_TEXT];
    i64 rate = rate_of(p, now);
    put_bytes(b, p->done);
    if (p->total > 0 && !ended) {
        buf_put(b, S(" / "));
        put_bytes(b, p->total);
    }
    if (rate > 0) {
        buf_put(b, S("  "));
        put_bytes(b, rate);
        buf_z(b, TR("/s", "/с"));
    }
    if (ended) {
        buf_put(b, S("  "));
        buf_put(b, clock_text((now - p->began_us) / 1000000, text));
    } else if (rate > 0 && p->total > p->done) {
        buf_z(b, TR("  left ", "  осталось "));
        buf_put(b, clock_text((p->total - p->done) / rate + 1, text));
    }
}

static void put_bar(struct buf *b, const struct progress *p, int room)
{
    if (p->total <= 0) return;
    i64 done = MIN(p->done, p->total);
    int size = MIN(room - 9, BAR), filled = (int)((double)done / (double)p->total * size);
    if (size >= 8) {
        buf_char(b, '[');
        for (int i = 0; i < size; i++) buf_char(b, i < filled ? '#' : '-');
        buf_put(b, S("] "));
    }
    buf_printf(b, "%3d%%  ", (int)((double)done / (double)p->total * 100));
}

static void draw(struct progress *p, i64 now)
{
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a), figures = BUF(&a);
    bool tty = p->term->err_tty;
    put_figures(&figures, p, now, false);
    str label = term_safe(&a, p->label);
    int room = p->term->width - 1 - (int)(term_width_of(label) + 2 + term_width_of(buf_str(&figures)));
    buf_printf(&b, "%.*s  ", STR(label));
    if (tty) put_bar(&b, p, room);
    buf_put(&b, buf_str(&figures));
    str line = tty ? term_head(buf_str(&b), (size_t)p->term->width - 1) : buf_str(&b);
    term_write(p->term->err, p->term, arena_printf(&a, tty ? "\r%.*s\033[K" : "%.*s\n", STR(line)));
    p->drawn_us = now;
}

void progress_begin(struct progress *p, struct term *t, str label, i64 total)
{
    *p = (struct progress){ .term = t, .label = label, .total = total, .began_us = time_mono_us() };
    p->drawn_us = p->began_us;
}

void progress_set(struct progress *p, i64 done)
{
    if (!p->started) p->from = done;
    p->started = true;
    p->done = done;
    i64 now = time_mono_us(), pause = p->term->err_tty ? MSEC(100) : SEC(10);
    if (!p->term->quiet && now - p->drawn_us >= pause) draw(p, now);
}

void progress_end(struct progress *p, bool ok)
{
    if (p->term->quiet) return;
    AUTO(arena) struct arena a = { 0 };
    struct buf b = BUF(&a);
    if (p->term->err_tty) buf_put(&b, S("\r\033[K"));
    if (ok) {
        buf_put(&b, term_safe(&a, p->label));
        buf_put(&b, S("  "));
        put_figures(&b, p, time_mono_us(), true);
        buf_char(&b, '\n');
    }
    term_write(p->term->err, p->term, buf_str(&b));
}

/* ---- questions ---- */
struct console {
    int fd;
    struct termios before;
};

static bool console_open(struct console *c, bool secret)
{
    c->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (c->fd < 0) return false;
    if (tcgetattr(c->fd, &c->before)) {
        fd_done(&c->fd);
        return false;
    }
    struct termios now = c->before;
    /* Read byte by byte, so that Ctrl-C comes as a byte and echo can be restored before it acts. */
    if (secret) now.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG);
    if (!tcsetattr(c->fd, TCSAFLUSH, &now)) return true;
    fd_done(&c->fd);
    return false;
}

static void console_close(struct console *c)
{
    tcsetattr(c->fd, TCSANOW, &c->before);
    fd_done(&c->fd);
}

static void rub_out(struct buf *b)
{
    while (b->n && ((u8)b->p[b->n - 1] & 0xc0) == 0x80) b->n--;
    if (b->n) b->n--;
}

enum { CTRL_C = 3, CTRL_D = 4, BACKSPACE = 8, CTRL_U = 21, DELETE_LEFT = 127 };

/* Reads up to the end of the line; the byte that ended it. */
static char read_secret(int fd, struct buf *b)
{
    for (char c;;) {
        if (read(fd, &c, 1) != 1) return CTRL_D;
        switch (c) {
        case '\r':
        case '\n': return '\n';
        case CTRL_C: return c;
        case CTRL_D:
            if (!b->n) return c;
            break;
        case BACKSPACE:
        case DELETE_LEFT: rub_out(b); break;
        case CTRL_U: b->n = 0; break;
        default: buf_char(b, c);
        }
    }
}

bool term_ask_secret(struct term *t, struct arena *a, const char *question, str *out)
{
    struct console c;
    (void)t;
    if (!console_open(&c, true)) return false;
    struct buf b = BUF(a);
    b.limit = 4096;
    bool asked = fs_write_all(c.fd, arena_printf(a, "%s: ", question));
    char end = asked ? read_secret(c.fd, &b) : CTRL_D;
    asked = asked && fs_write_all(c.fd, S("\n"));
    console_close(&c);
    if (end == CTRL_C) raise(SIGINT);
    if (end != '\n' || b.over || !asked || !str_utf8_ok(buf_str(&b))) return false;
    *out = buf_str(&b);
    return true;
}

bool term_confirm(struct term *t, const char *question, bool yes_option)
{
    if (yes_option) return true;
    struct console c;
    char answer[16] = { 0 };
    if (!isatty(STDIN_FILENO) || !console_open(&c, false)) {
        term_say(t, TONE_WARN, TR("%s Pass --yes to confirm.", "%s Подтвердите ключом --yes."), question);
        return false;
    }
    AUTO(arena) struct arena a = { 0 };
    ssize_t n = -1;
    if (fs_write_all(c.fd, arena_printf(&a, "%s [%s] ", question, TR("y/N", "д/Н"))))
        n = read(c.fd, answer, sizeof answer - 1);
    console_close(&c);
    str said = n > 0 ? str_trim(str_of(answer)) : S("");
    static const char *const yes[] = { "y", "Y", "yes", "Yes", "YES", "д", "Д", "да", "Да", "ДА" };
    for (size_t i = 0; i < LEN(yes); i++)
        if (str_is(said, yes[i])) return true;
    return false;
}
