#include "base/time.h"

time_us time_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (time_us){ (i64)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 };
}

i64 time_mono_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (i64)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static i64 floor_div(i64 a, i64 b) { return a / b - (a % b < 0); }

str time_text(time_us t, char out[static TIME_TEXT])
{
    time_t s = (time_t)floor_div(t.us, 1000000);
    struct tm tm;
    gmtime_r(&s, &tm);
    int n =
        snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", (tm.tm_year + 1900) % 10000,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(t.us - (i64)s * 1000000));
    return (str){ out, (size_t)n };
}

str time_text_local(time_us t, char out[static TIME_TEXT])
{
    time_t s = (time_t)floor_div(t.us, 1000000);
    struct tm tm;
    localtime_r(&s, &tm);
    long off = tm.tm_gmtoff / 60;
    int n = snprintf(out, TIME_TEXT, "%04d-%02d-%02d %02d:%02d:%02d%c%02d:%02d", (tm.tm_year + 1900) % 10000,
                     tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, off < 0 ? '-' : '+',
                     (int)(labs(off) / 60 % 100), (int)(labs(off) % 60));
    return (str){ out, (size_t)n };
}

static bool number(str *s, size_t width, int lo, int hi, int *out)
{
    if (s->n < width) return false;
    int v = 0;
    for (size_t i = 0; i < width; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_skip(*s, width);
    *out = v;
    return v >= lo && v <= hi;
}

static bool one_of(str *s, const char *set)
{
    if (!s->n || !s->p[0] || !strchr(set, s->p[0])) return false;
    *s = str_skip(*s, 1);
    return true;
}

static bool fraction(str *s, i64 *us)
{
    *us = 0;
    if (!s->n || s->p[0] != '.') return true;
    *s = str_skip(*s, 1);
    i64 unit = 100000;
    size_t n = 0;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, unit /= 10) *us += (s->p[n] - '0') * unit;
    *s = str_skip(*s, n);
    return n >= 1 && n <= 9;
}

static bool offset(str *s, i64 *minutes)
{
    *minutes = 0;
    if (one_of(s, "Zz")) return true;
    bool minus = s->n && s->p[0] == '-';
    int h, m;
    if (!one_of(s, "+-") || !number(s, 2, 0, 23, &h) || !one_of(s, ":") || !number(s, 2, 0, 59, &m))
        return false;
    *minutes = (minus ? -1 : 1) * (h * 60 + m);
    return true;
}

static bool date(str *s, struct tm *tm)
{
    static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    if (!number(s, 4, 1970, 9999, &tm->tm_year) || !one_of(s, "-") || !number(s, 2, 1, 12, &tm->tm_mon) ||
        !one_of(s, "-") || !number(s, 2, 1, 31, &tm->tm_mday))
        return false;
    bool leap = tm->tm_year % 4 == 0 && (tm->tm_year % 100 || tm->tm_year % 400 == 0);
    if (tm->tm_mday > month_days[tm->tm_mon - 1] + (leap && tm->tm_mon == 2)) return false;
    tm->tm_year -= 1900;
    tm->tm_mon -= 1;
    return true;
}

bool time_parse(str s, time_us *out)
{
    struct tm tm = { 0 };
    i64 us, minutes;
    if (!date(&s, &tm) || !one_of(&s, "Tt ") || !number(&s, 2, 0, 23, &tm.tm_hour) || !one_of(&s, ":") ||
        !number(&s, 2, 0, 59, &tm.tm_min) || !one_of(&s, ":") || !number(&s, 2, 0, 60, &tm.tm_sec) ||
        !fraction(&s, &us) || !offset(&s, &minutes) || s.n)
        return false;
    i64 t = ((i64)timegm(&tm) - minutes * 60) * 1000000 + us;
    if (t < 0) return false;
    out->us = t;
    return true;
}

/* "-90m" */
static bool shift(str s, time_us now, time_us *out)
{
    i64 us;
    if (!s.n || (s.p[0] != '-' && s.p[0] != '+') || !str_to_duration(str_skip(s, 1), &us)) return false;
    return !__builtin_add_overflow(now.us, s.p[0] == '-' ? -us : us, &out->us);
}

bool time_moment(str s, time_us now, time_us *out)
{
    struct tm tm = { 0 };
    if (str_starts(s, S("now"))) {
        *out = now;
        return s.n == 3 || shift(str_skip(s, 3), now, out);
    }
    if (str_to_i64(s, &out->us) || shift(s, now, out) || time_parse(s, out)) return true;
    if (!date(&s, &tm) || s.n) return false;
    out->us = SEC((i64)timegm(&tm));
    return true;
}

str duration_text(i64 us, char out[static TIME_TEXT])
{
    static const struct {
        const char *name;
        i64 us;
    } unit[] = { { "d", SEC(86400) }, { "h", SEC(3600) }, { "m", SEC(60) }, { "s", SEC(1) } };
    int n = 0;
    if (us < SEC(10)) n = snprintf(out, TIME_TEXT, "%.1fs", (double)MAX(us, 0) / 1e6);
    else
        for (size_t i = 0; i < LEN(unit); i++) {
            if (us < unit[i].us) continue;
            n = snprintf(out, TIME_TEXT, "%lld%s", (long long)(us / unit[i].us), unit[i].name);
            i64 rest = us % unit[i].us;
            if (i + 1 < LEN(unit) && rest >= unit[i + 1].us)
                n += snprintf(out + n, (size_t)(TIME_TEXT - n), " %lld%s", (long long)(rest / unit[i + 1].us),
                              unit[i + 1].name);
            break;
        }
    return (str){ out, (size_t)n };
}
