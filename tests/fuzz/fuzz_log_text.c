/* The search in logs: a question, then FF, then lines that U+0000 ends, all of them made well-formed first,
 * as questions and lines are. What the words' filter, the vectors' search and the plain one say of a line
 * must be one, and any line that is found may be in its filter. */
#include "base/log.h"
#include "feature/log/log_text.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* The bytes of no character become '?'. */
static str well_formed(struct arena *a, str text)
{
    char *p = arena_alloc(a, text.n + 1);
    for (size_t i = 0, n; i < text.n; i += n) {
        for (n = 1; n < 4 && i + n < text.n && !str_utf8_ok((str){ text.p + i, n }); n++) {}
        bool whole = str_utf8_ok((str){ text.p + i, n });
        if (!whole) n = 1;
        memcpy(p + i, whole ? text.p + i : "?", n);
    }
    return (str){ p, text.n };
}

static str folded(struct arena *a, str s)
{
    char *p = arena_alloc(a, s.n + 1), *again = arena_alloc(a, s.n + 1);
    log_fold(s.p, s.n, p);
    log_fold(p, s.n, again);
    if (memcmp(p, again, s.n)) bug("folded twice is another text");
    return (str){ p, s.n };
}

static void seek_alike(str s, const struct log_terms *t)
{
    for (size_t i = 0; i < t->n; i++) {
        size_t at = 0, plain = 0;
        bool found = log_seek(s, t->item[i], &at), too = log_seek_plain(s, t->item[i], &plain);
        if (!t->item[i].n) bug("an empty term");
        if (found != too || (found && at != plain)) bug("term %zu: found at %zu and at %zu", i, at, plain);
        if (found && (at + t->item[i].n > s.n || memcmp(s.p + at, t->item[i].p, t->item[i].n)))
            bug("term %zu does not stand at %zu", i, at);
    }
}

/* Which lines are found is what looking at them one by one says. */
static void search_alike(struct arena *a, str text, const struct log_terms *t)
{
    u32 lines = 0, found = 0;
    for (size_t i = 0; i < text.n; i++) lines += !text.p[i];
    u32 *hit = NEWN(a, u32, lines + 1);
    size_t n = log_search(text, t, hit, lines + 1), at = 0;
    str filter = log_filter_make(a, text);
    for (u32 i = 0; i < lines; i++) {
        str line = { text.p + at, strlen(text.p + at) };
        at += line.n + 1;
        seek_alike(line, t);
        if (!log_has(line, t)) continue;
        if (found == n || hit[found] != i) bug("line %u is not found", i);
        found++;
        if (!log_filter_may(filter, t)) bug("the filter denies line %u", i);
    }
    if (found != n) bug("%zu lines found, %u have the terms", n, found);
    if (n > 1 && (log_search(text, t, hit, n - 1) != n - 1)) bug("more than asked for");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    if (size > 16384) return 0;
    struct arena a = { 0 };
    str question, text, all = { (const char *)data, size };
    if (!str_cut(all, '\xff', &question, &text) || memchr(question.p, 0, question.n)) return 0;
    while (text.n && text.p[text.n - 1]) text.n--;
    struct log_terms t = log_terms_of(&a, well_formed(&a, question));
    if (t.n) search_alike(&a, folded(&a, well_formed(&a, text)), &t);
    arena_free(&a);
    return 0;
}
