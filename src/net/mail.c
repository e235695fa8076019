/* Letters by SMTP, over libcurl. */
#include "base/buf.h"
#include "base/enc.h"
#include "net/outgoing.h"
#include <curl/curl.h>

bool mail_address_ok(str s)
{
    size_t at;
    if (s.n < 3 || s.n > 254 || !str_find_char(s, '@', &at) || !at || at + 1 == s.n) return false;
    for (size_t i = 0; i < s.n; i++) {
        u8 c = (u8)s.p[i];
        if (c <= ' ' || c >= 0x7f || (c == '@' && i != at) || memchr("<>()[],;:\\\"", c, 12)) return false;
    }
    return true;
}

/* A header's text in words of RFC 2047, each whole characters and less than 75 columns. */
static void put_words(struct buf *b, str text)
{
    for (bool first = true; text.n; first = false) {
        size_t n = MIN(text.n, (size_t)45);
        while (n && n < text.n && ((u8)text.p[n] & 0xc0) == 0x80) n--;
        if (!n) n = MIN(text.n, (size_t)45); /* not well-formed: as it is */
        if (!first) buf_put(b, S("\r\n "));
        buf_put(b, S("=?UTF-8?B?"));
        buf_put(b, base64_text(b->arena, str_head(text, n)));
        buf_put(b, S("?="));
        text = str_skip(text, n);
    }
}

static void put_date(struct buf *b)
{
    char text[64];
    struct tm tm;
    time_t now = (time_t)(time_now().us / SEC(1));
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    gmtime_r(&now, &tm);
    snprintf(text, sizeof text, "%s, %02d %s %d %02d:%02d:%02d +0000", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    buf_z(b, text);
}

static str letter(struct op *op, const struct mail *m)
{
    struct buf b = BUF(op->arena);
    str domain = m->from, user;
    (void)str_cut(m->from, '@', &user, &domain);
    buf_printf(&b, "From: %.*s\r\nTo: %.*s\r\nSubject: ", STR(m->from), STR(m->to));
    put_words(&b, m->subject);
    buf_put(&b, S("\r\nDate: "));
    put_date(&b);
    buf_printf(&b, "\r\nMessage-ID: <%.*s@%.*s>\r\n", STR(m->id), STR(domain));
    buf_put(&b, S("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
                  "charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"));
    str body = base64_text(op->arena, m->text);
    for (; body.n; body = str_skip(body, 76)) {
        buf_put(&b, str_head(body, 76));
        buf_put(&b, S("\r\n"));
    }
    return buf_str(&b);
}

static size_t give(char *to, size_t size, size_t n, void *ctx)
{
    str *rest = ctx;
    size_t most = MIN(size * n, rest->n);
    if (most) memcpy(to, rest->p, most);
    *rest = str_skip(*rest, most);
    return most;
}

static CURLcode perform(struct op *op, CURL *c, const struct mail *m, str *rest)
{
    struct curl_slist *to = curl_slist_append(NULL, str_z(op->arena, m->to));
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(c, CURLOPT_URL, str_z(op->arena, m->server_url));
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 20000L);
    curl_easy_setopt(c, CURLOPT_MAIL_FROM, str_z(op->arena, m->from));
    curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
    curl_easy_setopt(c, CURLOPT_READDATA, rest);
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    CURLcode r = curl_easy_perform(c);
    curl_slist_free_all(to);
    return r;
}

err_t mail_send(struct op *op, const struct mail *m)
{
    if (!mail_address_ok(m->from) || !mail_address_ok(m->to))
        return fail(op, ERR_INVALID, "not a plain mail address");
    str rest = letter(op, m);
    long code = 0;
    CURL *c = curl_easy_init();
    if (!c) return fail(op, ERR_INTERNAL, "no memory");
    CURLcode r = perform(op, c, m, &rest);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_cleanup(c);
    if (!r) return OK;
    if (code >= 500) return fail(op, ERR_INVALID, "the mail server refused it with code %ld", code);
    return fail(op, ERR_UNAVAILABLE, "%s", curl_easy_strerror(r));
}
