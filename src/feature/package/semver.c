#include "feature/package/semver.h"

static bool digit(char c) { return c >= '0' && c <= '9'; }
static bool all_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!digit(s.p[i])) return false;
    return s.n > 0;
}
/* A number of a version: no sign, no leading zero. */
static bool number(str s, i64 *out)
{
    return all_digits(s) && (s.n == 1 || s.p[0] != '0') && str_to_i64(s, out);
}

static bool identifier(str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-') return false;
    }
    return s.n && !(all_digits(s) && s.n > 1 && s.p[0] == '0');
}
static bool pre_release(str s)
{
    for (str rest = s, part;;) {
        bool more = str_cut(rest, '.', &part, &rest);
        if (!identifier(part)) return false;
        if (!more) return true;
    }
}

bool semver_parse(str s, struct semver *out)
{
    if (s.n > SEMVER_MAX) return false;
    struct semver v = { .pre = S("") };
    str core = s, part[3];
    if (str_cut(s, '-', &core, &v.pre)) {
        if (!pre_release(v.pre)) return false;
    } else {
        v.pre = S("");
    }
    if (!str_cut(core, '.', &part[0], &core) || !str_cut(core, '.', &part[1], &part[2])) return false;
    if (!number(part[0], &v.major) || !number(part[1], &v.minor) || !number(part[2], &v.patch)) return false;
    *out = v;
    return true;
}

static int cmp_i64(i64 a, i64 b) { return (a > b) - (a < b); }

/* Numeric identifiers have no leading zeros, so a longer one is the larger one: no overflow to care for. */
static int cmp_identifier(str a, str b)
{
    bool an = all_digits(a), bn = all_digits(b);
    if (an != bn) return an ? -1 : 1;
    if (an && a.n != b.n) return a.n < b.n ? -1 : 1;
    return cmp_i64(str_cmp(a, b), 0);
}
static int cmp_pre(str a, str b)
{
    if (!a.n || !b.n) return cmp_i64(!a.n, !b.n); /* a release comes after its pre-releases */
    for (;;) {
        str x, y;
        bool more_a = str_cut(a, '.', &x, &a), more_b = str_cut(b, '.', &y, &b);
        int c = cmp_identifier(x, y);
        if (c) return c;
        if (!more_a || !more_b) return cmp_i64(more_a, more_b);
    }
}
static int cmp_core(const struct semver *a, const struct semver *b)
{
    int c = cmp_i64(a->major, b->major);
    if (!c) c = cmp_i64(a->minor, b->minor);
    return c ? c : cmp_i64(a->patch, b->patch);
}
int semver_cmp(const struct semver *a, const struct semver *b)
{
    int c = cmp_core(a, b);
    return c ? c : cmp_pre(a->pre, b->pre);
}

/* A version with parts left out or "x": `given` counts the numbers that stand. */
struct partial {
    struct semver v;
    int given;
};
static bool partial_parse(str s, struct partial *out)
{
    struct partial p = { .v.pre = S("") };
    if (semver_parse(s, &p.v)) {
        p.given = 3;
        *out = p;
        return true;
    }
    i64 *part[] = { &p.v.major, &p.v.minor, &p.v.patch };
    bool open = false;
    if (!s.n) return false;
    for (int i = 0;; i++) {
        str head;
        bool more = str_cut(s, '.', &head, &s);
        if (i == 3) return false;
        if (str_is(head, "x") || str_is(head, "X") || str_is(head, "*")) {
            open = true;
        } else {
            if (open || !number(head, part[i])) return false;
            p.given = i + 1;
        }
        if (!more) break;
    }
    *out = p;
    return true;
}

static bool add(struct semver_range *r, int op, struct semver v)
{
    size_t used = 0;
    for (size_t i = 0; i < r->nalternative; i++) used += r->nbound[i];
    if (used == LEN(r->bound)) return false;
    r->bound[used] = (struct semver_bound){ (unsigned)op, v };
    r->nbound[r->nalternative - 1]++;
    return true;
}

/* The first version after all that begin with the first n numbers of v: 1.2 -> 1.3.0, as the bound "<1.3.0-0"
 * that keeps its pre-releases out as well. */
static bool next(struct semver v, int n, struct semver *out)
{
    i64 *part[] = { &v.major, &v.minor, &v.patch };
    if (*part[n - 1] == INT64_MAX) return false;
    ++*part[n - 1];
    for (int i = n; i < 3; i++) *part[i] = 0;
    v.pre = S("0");
    *out = v;
    return true;
}
static bool add_until(struct semver_range *r, struct semver v, int n)
{
    struct semver end;
    return next(v, n, &end) && add(r, SEMVER_LT, end);
}

static bool add_caret(struct semver_range *r, struct partial p)
{
    if (!p.given) return true;
    int keep = p.v.major || p.given == 1 ? 1 : p.v.minor || p.given == 2 ? 2 : 3;
    return add(r, SEMVER_GE, p.v) && add_until(r, p.v, keep);
}
static bool add_tilde(struct semver_range *r, struct partial p)
{
    if (!p.given) return true;
    return add(r, SEMVER_GE, p.v) && add_until(r, p.v, MIN(p.given, 2));
}
static bool add_equal(struct semver_range *r, struct partial p)
{
    if (p.given == 3) return add(r, SEMVER_EQ, p.v);
    if (!p.given) return true;
    return add(r, SEMVER_GE, p.v) && add_until(r, p.v, p.given);
}
/* ">1.2" means after all of 1.2.x, "<=1.2" means up to the last of them. */
static bool add_greater(struct semver_range *r, struct partial p)
{
    struct semver end;
    if (p.given == 3) return add(r, SEMVER_GT, p.v);
    if (!p.given || !next(p.v, p.given, &end)) return false;
    end.pre = S("");
    return add(r, SEMVER_GE, end);
}
static bool add_greater_equal(struct semver_range *r, struct partial p)
{
    return !p.given || add(r, SEMVER_GE, p.v);
}
static bool add_less(struct semver_range *r, struct partial p) { return p.given && add(r, SEMVER_LT, p.v); }
static bool add_less_equal(struct semver_range *r, struct partial p)
{
    if (p.given == 3) return add(r, SEMVER_LE, p.v);
    return !p.given || add_until(r, p.v, p.given);
}

static const struct {
    const char *sign;
    bool (*add)(struct semver_range *, struct partial);
} comparators[] = {
    { ">=", add_greater_equal }, { "<=", add_less_equal }, { ">", add_greater }, { "<", add_less },
    { "=", add_equal },          { "^", add_caret },       { "~", add_tilde },   { "", add_equal },
};
static bool comparator(struct semver_range *r, size_t k, str version)
{
    struct partial p;
    return partial_parse(version, &p) && comparators[k].add(r, p);
}

static str word(str *rest)
{
    *rest = str_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ') n++;
    str w = str_head(*rest, n);
    *rest = str_trim(str_skip(*rest, n));
    return w;
}

static bool hyphen(struct semver_range *r, str low, str *rest)
{
    struct partial a, b;
    word(rest);
    return partial_parse(low, &a) && partial_parse(word(rest), &b) && !rest->n && add_greater_equal(r, a) &&
           add_less_equal(r, b);
}

static bool alternative(struct semver_range *r, str s)
{
    r->nbound[r->nalternative++] = 0;
    for (str rest = str_trim(s); rest.n;) {
        str w = word(&rest);
        if (str_starts(rest, S("- "))) return hyphen(r, w, &rest);
        size_t k = 0;
        while (!str_starts(w, str_of(comparators[k].sign))) k++;
        w = str_skip(w, strlen(comparators[k].sign));
        if (!w.n) w = word(&rest); /* ">= 1.2" */
        if (!comparator(r, k, w)) return false;
    }
    return true;
}

bool semver_range_parse(str s, struct semver_range *out)
{
    struct semver_range r = { 0 };
    if (s.n > SEMVER_RANGE_MAX || !str_trim(s).n) return false;
    for (size_t at; str_find(s, S("||"), &at); s = str_skip(s, at + 2)) {
        str one = str_head(s, at);
        if (r.nalternative + 1 == LEN(r.nbound) || !str_trim(one).n || !alternative(&r, one)) return false;
    }
    if (!str_trim(s).n || !alternative(&r, s)) return false;
    *out = r;
    return true;
}

static bool holds(const struct semver *v, const struct semver_bound *b)
{
    int c = semver_cmp(v, &b->v);
    switch (b->op) {
    case SEMVER_GE: return c >= 0;
    case SEMVER_GT: return c > 0;
    case SEMVER_LE: return c <= 0;
    case SEMVER_LT: return c < 0;
    case SEMVER_EQ: return c == 0;
    }
    return false;
}
bool semver_in(const struct semver *v, const struct semver_range *r)
{
    const struct semver_bound *b = r->bound;
    for (size_t i = 0; i < r->nalternative; b += r->nbound[i++]) {
        bool all = true, pre_asked = !v->pre.n;
        for (size_t k = 0; k < r->nbound[i]; k++) {
            all = all && holds(v, &b[k]);
            /* "-0" closes "<1.3.0-0" of our own making; nobody asks for it by name */
            pre_asked = pre_asked || (b[k].v.pre.n && !str_is(b[k].v.pre, "0") && !cmp_core(v, &b[k].v));
        }
        if (all && pre_asked) return true;
    }
    return false;
}
