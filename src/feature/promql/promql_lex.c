#include "feature/promql/promql_lex.h"
#include "feature/promql/promql_ast.h"
#include <math.h>

static bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static bool is_letter(char c) { return is_alpha(c) || c == ':'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static char char_at(const struct pq_lexer *l, size_t i) { return i < l->text.n ? l->text.p[i] : 0; }

/* Blanks and comments. */
static void skip(struct pq_lexer *l)
{
    for (;; l->pos++) {
        char c = char_at(l, l->pos);
        if (c == '#')
            while (l->pos < l->text.n && l->text.p[l->pos] != '\n') l->pos++;
        else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    }
}

bool pq_duration(str s, i64 *us)
{
    static const struct {
        const char *unit;
        i64 us;
    } units[] = { { "ms", 1000 },      { "s", SEC(1) },         { "m", SEC(60) },         { "h", SEC(3600) },
                  { "d", SEC(86400) }, { "w", SEC(7 * 86400) }, { "y", SEC(365 * 86400) } };
    i64 total = 0, seconds;
    if (!s.n) return false;
    for (size_t i = 0; i < s.n;) {
        i64 n = 0;
        size_t from = i;
        for (; i < s.n && is_digit(s.p[i]); i++)
            if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, s.p[i] - '0', &n))
                return false;
        if (i == from) return false;
        size_t letters = i;
        while (letters < s.n && is_alpha(s.p[letters])) letters++;
        size_t u = 0;
        while (u < LEN(units) && !str_is(str_sub(s.p + i, s.p + letters), units[u].unit)) u++;
        if (u == LEN(units) || __builtin_mul_overflow(n, units[u].us, &seconds) ||
            __builtin_add_overflow(total, seconds, &total))
            return false;
        i = letters;
    }
    *us = total;
    return true;
}

/* 12, 1.5, .5, 1e3, 0x1f; or a duration when letters follow the digits. */
static void number(struct pq_lexer *l)
{
    size_t i = l->pos;
    bool hex = char_at(l, i) == '0' && (char_at(l, i + 1) | 32) == 'x';
    while (is_digit(char_at(l, i)) || is_alpha(char_at(l, i)) || char_at(l, i) == '.' ||
           ((char_at(l, i) == '+' || char_at(l, i) == '-') && !hex && (char_at(l, i - 1) | 32) == 'e'))
        i++;
    l->word = str_sub(l->text.p + l->pos, l->text.p + i);
    l->pos = i;
    if (pq_duration(l->word, &l->us)) {
        l->token = T_DURATION;
        return;
    }
    str text = l->word;
    if (hex) {
        u64 v = 0;
        bool good = text.n > 2 && text.n <= 18;
        for (size_t k = 2; k < text.n && good; k++) {
            char c = (char)(text.p[k] | 32);
            good = is_digit(c) || (c >= 'a' && c <= 'f');
            v = v * 16 + (u64)(is_digit(c) ? c - '0' : c - 'a' + 10);
        }
        l->number = (double)v;
        l->token = good ? T_NUMBER : T_BAD;
        return;
    }
    if (text.n && text.p[0] == '.') text = arena_printf(l->op->arena, "0%.*s", STR(text));
    if (text.n && text.p[text.n - 1] == '.') text.n--;
    l->token = str_to_f64(text, &l->number) ? T_NUMBER : T_BAD;
}

static bool escaped(char c, char *out)
{
    static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
    const char *p = c ? strchr(from, c) : NULL;
    if (p) *out = to[p - from];
    return p != NULL;
}

static void string(struct pq_lexer *l)
{
    char quote = l->text.p[l->pos++];
    char *p = arena_alloc(l->op->arena, l->text.n - l->pos + 1);
    size_t n = 0;
    l->token = T_BAD;
    for (; l->pos < l->text.n; l->pos++) {
        char c = l->text.p[l->pos];
        if (c == quote) {
            l->pos++;
            l->word = (str){ p, n };
            l->token = T_STRING;
            return;
        }
        if (c == '\\' && quote != '`' && !escaped(char_at(l, ++l->pos), &c)) return;
        p[n++] = c;
    }
}

void pq_next(struct pq_lexer *l)
{
    static const char *const two[] = { "==", "!=", "<=", ">=", "=~", "!~" };
    skip(l);
    l->at = l->pos;
    l->word = (str){ "", 0 };
    char c = char_at(l, l->pos);
    if (l->pos >= l->text.n) {
        l->token = T_END;
        return;
    }
    if (is_digit(c) || (c == '.' && is_digit(char_at(l, l->pos + 1)))) {
        number(l);
        return;
    }
    if (c == '"' || c == '\'' || c == '`') {
        string(l);
        return;
    }
    size_t n = 1;
    l->token = T_SIGN;
    if (is_alpha(c)) { /* a name that begins with ':' would be a subquery's step */
        l->token = T_NAME;
        while (is_letter(char_at(l, l->pos + n)) || is_digit(char_at(l, l->pos + n))) n++;
    } else {
        for (size_t i = 0; i < LEN(two); i++)
            if (str_starts(str_skip(l->text, l->pos), str_of(two[i]))) n = 2;
        if (!strchr("+-*/%^=<>!(){}[],:@", c)) l->token = T_BAD;
    }
    l->word = str_sub(l->text.p + l->pos, l->text.p + l->pos + n);
    l->pos += n;
}
