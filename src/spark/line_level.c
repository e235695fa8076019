#include "spark/line_level.h"

static const struct {
    const char *word;
    enum telemetry_level level;
} words[] = {
    { "trace", LEVEL_DEBUG },    { "debug", LEVEL_DEBUG }, { "dbg", LEVEL_DEBUG },
    { "info", LEVEL_INFO },      { "notice", LEVEL_INFO }, { "warn", LEVEL_WARN },
    { "warning", LEVEL_WARN },   { "error", LEVEL_ERROR }, { "err", LEVEL_ERROR },
    { "critical", LEVEL_FATAL }, { "crit", LEVEL_FATAL },  { "fatal", LEVEL_FATAL },
    { "panic", LEVEL_FATAL },    { "emerg", LEVEL_FATAL },
};

static enum telemetry_level level_of(str word)
{
    for (size_t i = 0; i < LEN(words); i++)
        if (str_eq_fold(word, str_of(words[i].word))) return words[i].level;
    return LEVEL_NONE;
}

/* 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal: what loggers of Node write. */
static enum telemetry_level level_of_number(i64 n)
{
    static const enum telemetry_level tens[] = { LEVEL_NONE, LEVEL_DEBUG, LEVEL_DEBUG, LEVEL_INFO,
                                                 LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL };
    return n >= 0 && n / 10 < (i64)LEN(tens) ? tens[n / 10] : LEVEL_NONE;
}

static enum telemetry_level level_in_json(struct arena *a, str line)
{
    static const char *const names[] = { "level", "severity", "lvl", "levelname" };
    struct json j = json_reader(a, line);
    enum telemetry_level found = LEVEL_NONE;
    str key, text;
    i64 n;
    if (json_peek(&j) != JSON_OBJECT || !json_object(&j)) return LEVEL_NONE;
    while (json_key(&j, &key)) {
        bool ours = false;
        for (size_t i = 0; i < LEN(names); i++) ours |= str_is(key, names[i]);
        enum json_kind kind = ours ? json_peek(&j) : JSON_NONE;
        if (kind == JSON_STRING && json_str(&j, &text)) found = level_of(text);
        else if (kind == JSON_NUMBER && json_i64(&j, &n)) found = level_of_number(n);
        else json_skip(&j);
    }
    return json_end(&j) ? found : LEVEL_NONE;
}

static bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* A word counts when it is in capitals, in brackets, before a colon or behind "level=": prose is not a level.
 */
static bool marked(str line, size_t from, size_t end)
{
    bool capitals = true;
    for (size_t i = from; i < end; i++) capitals &= line.p[i] >= 'A' && line.p[i] <= 'Z';
    char before = from ? line.p[from - 1] : ' ', after = end < line.n ? line.p[end] : ' ';
    return capitals || before == '[' || before == '<' || before == '=' || after == ':';
}

enum telemetry_level line_level(struct arena *a, str line)
{
    if (line.n && line.p[0] == '{') return level_in_json(a, line);
    str head = str_head(line, 80);
    for (size_t i = 0; i < head.n;) {
        size_t end = i;
        while (end < head.n && letter(head.p[end])) end++;
        enum telemetry_level l = end > i ? level_of(str_sub(head.p + i, head.p + end)) : LEVEL_NONE;
        if (l && marked(head, i, end)) return l;
        i = MAX(end, i + 1);
    }
    return LEVEL_NONE;
}
