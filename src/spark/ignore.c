#include "spark/ignore.h"

/* One character of UTF-8, or one byte where it is none. */
static size_t char_bytes(str s)
{
    size_t n = 1;
    while (n < s.n && ((u8)s.p[n] & 0xC0) == 0x80) n++;
    return (u8)s.p[0] < 0xC0 ? 1 : n;
}

/* `p` stands behind '['. Sets *used to the length up to and with ']'; a class without its end is a plain '['.
 */
static bool class_match(str p, char c, size_t *used)
{
    size_t i = 0;
    bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), hit = false;
    if (negated) i++;
    for (bool first = true; i < p.n && (first || p.p[i] != ']'); first = false) {
        if (p.p[i] == '\\' && i + 1 < p.n) i++;
        u8 lo = (u8)p.p[i++], hi = lo;
        if (i + 1 < p.n && p.p[i] == '-' && p.p[i + 1] != ']') {
            hi = (u8)p.p[i + 1];
            i += 2;
        }
        hit |= (u8)c >= lo && (u8)c <= hi;
    }
    if (i >= p.n) {
        *used = 0;
        return false;
    }
    *used = i + 1;
    return hit != negated;
}

/* Matches one pattern element that is no star; false leaves both alone. */
static bool step(str *p, str *s)
{
    if (!p->n || !s->n) return false;
    size_t used = 0, took = 1;
    char c = p->p[0];
    if (c == '?') {
        if (s->p[0] == '/') return false;
        took = char_bytes(*s), used = 1;
    } else if (c == '[') {
        bool hit = class_match(str_skip(*p, 1), s->p[0], &used);
        if (!used) {
            if (s->p[0] != '[') return false;
            used = 1;
        } else {
            if (!hit || s->p[0] == '/') return false;
            used++;
        }
    } else {
        size_t quoted = c == '\\' && p->n > 1;
        if (p->p[quoted] != s->p[0]) return false;
        used = 1 + quoted;
    }
    *p = str_skip(*p, used), *s = str_skip(*s, took);
    return true;
}

/* A place to come back to: the pattern behind a star and the text that the star has not taken yet. */
struct retry {
    str pattern, text;
    bool set;
};

/* "**" as a whole component, at the pattern's begin or behind '/'. */
static bool any_folders(str whole, str p)
{
    bool begins = p.p == whole.p || p.p[-1] == '/';
    return begins && p.n >= 2 && p.p[0] == '*' && p.p[1] == '*' && (p.n == 2 || p.p[2] == '/');
}

/* Lets the nearest star take one unit more: '*' a character of its component, "**" a folder. An earlier star
 * never helps: behind a later one everything it could give is open already. */
static bool again(struct retry *star, struct retry *folders, str *p, str *s)
{
    if (star->set && star->text.n && star->text.p[0] != '/') {
        star->text = str_skip(star->text, 1);
        *p = star->pattern, *s = star->text;
        return true;
    }
    star->set = false;
    size_t at;
    if (!folders->set || !str_find_char(folders->text, '/', &at)) return false;
    folders->text = str_skip(folders->text, at + 1);
    *p = folders->pattern, *s = folders->text;
    return true;
}

bool glob_match(str pattern, str text)
{
    struct retry star = { 0 }, folders = { 0 };
    str p = pattern, s = text;
    while (p.n || s.n) {
        if (p.n && any_folders(pattern, p)) {
            if (p.n == 2) return s.n > 0;
            p = str_skip(p, 3);
            folders = (struct retry){ p, s, true };
            star.set = false;
        } else if (p.n && p.p[0] == '*') {
            while (p.n && p.p[0] == '*') p = str_skip(p, 1);
            star = (struct retry){ p, s, true };
        } else if (!step(&p, &s) && !again(&star, &folders, &p, &s)) {
            return false;
        }
    }
    return true;
}

bool glob_covers(str pattern, str path)
{
    if (pattern.n && pattern.p[pattern.n - 1] == '/') pattern.n--;
    if (str_starts(pattern, S("./"))) pattern = str_skip(pattern, 2);
    for (size_t n = 1; n <= path.n; n++)
        if ((n == path.n || path.p[n] == '/') && glob_match(pattern, str_head(path, n))) return true;
    return false;
}

void ignore_add_line(struct ignore *set, str base, str line)
{
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    while (line.n && line.p[line.n - 1] == ' ' && !(line.n > 1 && line.p[line.n - 2] == '\\')) line.n--;
    if (!line.n || line.p[0] == '#') return;
    struct ignore_rule r = { .base = str_copy(set->arena, base.p ? base : S("")) };
    if (line.p[0] == '!') r.keep = true, line = str_skip(line, 1);
    if (line.n && line.p[line.n - 1] == '/') r.dir_only = true, line.n--;
    if (line.n && line.p[0] == '/') r.anchored = true, line = str_skip(line, 1);
    size_t at;
    if (!line.n) return;
    r.anchored |= str_find_char(line, '/', &at);
    r.pattern = str_copy(set->arena, line);
    if (set->n == set->cap) {
        size_t cap = set->cap ? set->cap * 2 : 32;
        struct ignore_rule *more = NEWN(set->arena, struct ignore_rule, cap);
        if (set->n) memcpy(more, set->rule, set->n * sizeof *more);
        set->rule = more, set->cap = cap;
    }
    set->rule[set->n++] = r;
}

void ignore_add_text(struct ignore *set, str base, str text)
{
    if (str_starts(text, S("\xEF\xBB\xBF"))) text = str_skip(text, 3);
    for (str rest = text, line; str_next(&rest, '\n', &line);) ignore_add_line(set, base, line);
}

static bool rule_match(const struct ignore_rule *r, str path, bool is_dir)
{
    if (r->dir_only && !is_dir) return false;
    if (!str_starts(path, r->base)) return false;
    str below = str_skip(path, r->base.n);
    if (r->anchored) return glob_match(r->pattern, below);
    const char *slash = below.n ? memrchr(below.p, '/', below.n) : NULL;
    return glob_match(r->pattern, slash ? str_sub(slash + 1, below.p + below.n) : below);
}

enum ignore_verdict ignore_decide(const struct ignore *set, str path, bool is_dir)
{
    for (size_t i = set->n; i-- > 0;)
        if (rule_match(&set->rule[i], path, is_dir)) return set->rule[i].keep ? IGNORE_KEEP : IGNORE_DROP;
    return IGNORE_NOTHING;
}
