#include "base/log.h"
#include "base/time.h"
#include <pthread.h>
#include <unistd.h>

enum { LINE_BYTES = 8192 };
enum log_level log_least = LOG_LEVEL_INFO;
static bool log_json = true;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static const char *const level_name[] = { "debug", "info", "warn", "error", "off" };

struct line {
    char p[LINE_BYTES];
    size_t n;
};

static void put(struct line *l, str s)
{
    s.n = MIN(s.n, sizeof l->p - l->n - 2); /* room for the closing brace and newline */
    if (s.n) memcpy(l->p + l->n, s.p, s.n);
    l->n += s.n;
}

static void put_text(struct line *l, str s, bool quoted)
{
    if (!quoted) {
        put(l, s);
        return;
    }
    put(l, S("\""));
    for (size_t i = 0; i < s.n && l->n < sizeof l->p - 16; i++) {
        unsigned char c = (unsigned char)s.p[i];
        char esc[8];
        if (c == '"' || c == '\\') put(l, (str){ esc, (size_t)snprintf(esc, sizeof esc, "\\%c", c) });
        else if (c < 0x20) put(l, (str){ esc, (size_t)snprintf(esc, sizeof esc, "\\u%04x", c) });
        else put(l, (str){ s.p + i, 1 });
    }
    put(l, S("\""));
}

static void put_value(struct line *l, const struct log_value *v, bool json)
{
    char num[40];
    switch (v->kind) {
    case 'i': put(l, (str){ num, (size_t)snprintf(num, sizeof num, "%lld", (long long)v->i) }); break;
    case 'f': put(l, (str){ num, (size_t)snprintf(num, sizeof num, "%.6g", v->f) }); break;
    default: put_text(l, v->s, json || memchr(v->s.p ? v->s.p : "", ' ', v->s.n) != NULL); break;
    }
}

static void as_json(struct line *l, enum log_level level, const char *module, const char *msg,
                    const struct log_value *kv, size_t n)
{
    char t[TIME_TEXT];
    put(l, S("{\"time\":\""));
    put(l, time_text(time_now(), t));
    put(l, S("\",\"level\":\""));
    put(l, str_of(level_name[level]));
    put(l, S("\",\"module\":"));
    put_text(l, str_of(module), true);
    put(l, S(",\"msg\":"));
    put_text(l, str_of(msg), true);
    for (size_t i = 0; i + 1 < n; i += 2) {
        put(l, S(","));
        put_text(l, kv[i].s, true);
        put(l, S(":"));
        put_value(l, &kv[i + 1], true);
    }
    l->p[l->n++] = '}';
}

static void as_text(struct line *l, enum log_level level, const char *msg, const struct log_value *kv,
                    size_t n)
{
    static const char *const colour[] = { "\033[2m", "\033[32m", "\033[33m", "\033[31m", "" };
    char t[TIME_TEXT];
    put(l, str_sub(time_text_local(time_now(), t).p + 11, t + 19));
    put(l, S(" "));
    put(l, str_of(colour[level]));
    put(l, str_of(level_name[level]));
    put(l, S("\033[0m "));
    put(l, str_of(msg));
    for (size_t i = 0; i + 1 < n; i += 2) {
        put(l, S(" \033[2m"));
        put(l, kv[i].s);
        put(l, S("=\033[0m"));
        put_value(l, &kv[i + 1], false);
    }
}

void log_setup(enum log_level least, bool json)
{
    log_least = least;
    log_json = json;
}

bool log_level_of(str name, enum log_level *out)
{
    for (size_t i = 0; i < LEN(level_name); i++)
        if (str_eq_fold(name, str_of(level_name[i]))) {
            *out = (enum log_level)i;
            return true;
        }
    return false;
}

void log_write(enum log_level level, const char *module, const char *msg, const struct log_value *kv,
               size_t n)
{
    struct line l;
    l.n = 0;
    if (log_json) as_json(&l, level, module, msg, kv, n);
    else as_text(&l, level, msg, kv, n);
    l.p[l.n++] = '\n';
    pthread_mutex_lock(&log_lock);
    for (size_t off = 0; off < l.n;) {
        ssize_t k = write(STDERR_FILENO, l.p + off, l.n - off);
        if (k <= 0) break; /* nowhere left to say that stderr is gone */
        off += (size_t)k;
    }
    pthread_mutex_unlock(&log_lock);
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    log_write(LOG_LEVEL_ERROR, "bug", text, (struct log_value[]){ KV("file", file), KV("line", (i64)line) },
              4);
    abort();
}
