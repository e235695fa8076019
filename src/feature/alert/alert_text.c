/* What people are told, in English and Russian. */
#include "feature/alert/alert_rules.h"
#include "port/config.h"
#include "port/ports.h"

static str number(struct arena *a, double v)
{
    bool whole = v == (double)(i64)v && v > -1e15 && v < 1e15;
    return whole ? arena_printf(a, "%lld", (long long)v) : arena_printf(a, "%.4g", v);
}

static str span(struct arena *a, enum lang lang, i64 s)
{
    static const struct {
        i64 s;
        const char *en, *ru;
    } units[] = { { 86400, "d", "д" }, { 3600, "h", "ч" }, { 60, "min", "мин" }, { 1, "s", "с" } };
    for (size_t i = 0; i < LEN(units); i++)
        if (s >= units[i].s && s % units[i].s == 0)
            return arena_printf(a, "%lld %s", (long long)(s / units[i].s),
                                lang == LANG_RU ? units[i].ru : units[i].en);
    return lang == LANG_RU ? S("0 с") : S("0 s");
}

#define RU_EN(ru, en) (lang == LANG_RU ? (ru) : (en))

static str label(const struct alert *al, const char *key)
{
    for (size_t i = 0; i < al->labels.n; i++)
        if (str_is(al->labels.item[i].key, key)) return al->labels.item[i].value;
    return (str){ 0 };
}

static str happened(struct arena *a, enum lang lang, const struct alert *al)
{
    str value = number(a, al->value), limit = number(a, al->threshold), s = al->subject;
    switch ((enum alert_kind)al->kind) {
    case ALERT_ABOVE:
        return arena_printf(a, RU_EN("%.*s: %.*s, выше порога %.*s", "%.*s is %.*s, above %.*s"), STR(s),
                            STR(value), STR(limit));
    case ALERT_BELOW:
        return arena_printf(a, RU_EN("%.*s: %.*s, ниже порога %.*s", "%.*s is %.*s, below %.*s"), STR(s),
                            STR(value), STR(limit));
    case ALERT_ABSENT:
        return arena_printf(a, RU_EN("%.*s: нет данных дольше %.*s", "%.*s: no data for more than %.*s"),
                            STR(s), STR(span(a, lang, al->for_s)));
    case ALERT_UNIT_FAILED:
        return arena_printf(a, RU_EN("Юнит %.*s не работает", "Unit %.*s has failed"), STR(s));
    case ALERT_UNIT_MEMORY:
        return arena_printf(a,
                            RU_EN("Юнит %.*s занял %.*s %% своего предела памяти",
                                  "Unit %.*s uses %.*s %% of its memory limit"),
                            STR(s), STR(value));
    case ALERT_UNIT_CPU:
        return arena_printf(
            a, RU_EN("Юнит %.*s занимает процессор на %.*s %%", "Unit %.*s uses %.*s %% of a CPU core"),
            STR(s), STR(value));
    }
    return s;
}

static const struct {
    const char *en, *ru;
} heads[] = {
    [EVENT_FIRING] = { "Firing", "Тревога" },
    [EVENT_RESOLVED] = { "Resolved", "Снято" },
    [EVENT_TEST] = { "Test", "Проверка" },
};

static void put_row(struct buf *b, const char *name, str value)
{
    if (!value.n) return;
    buf_printf(b, "\n%s: %.*s", name, STR(value));
}

struct alert_text alert_text_of(struct op *op, enum lang lang, enum alert_event event, const struct alert *al)
{
    struct arena *a = op->arena;
    const struct config *c = op->ports->config;
    char when[TIME_TEXT];
    const char *head = RU_EN(heads[event].ru, heads[event].en);
    if (event == EVENT_TEST) {
        str text = str_of(RU_EN("Это сообщение отправлено кнопкой проверки: канал работает.",
                                "This message was sent by the test button: the channel works."));
        return (struct alert_text){ arena_printf(a, "%s: Netbit", head), text };
    }
    struct buf b = BUF(a);
    str what = happened(a, lang, al);
    buf_put(&b, what);
    put_row(&b, RU_EN("Правило", "Rule"), lang == LANG_RU && al->rule_ru.n ? al->rule_ru : al->rule);
    put_row(&b, RU_EN("Причина", "Reason"), al->note);
    put_row(&b, RU_EN("Машина", "Machine"), label(al, "host"));
    put_row(&b, RU_EN("Пакет", "Package"), label(al, "package"));
    put_row(&b, RU_EN("С", "Since"), time_text(al->started_at, when));
    if (al->ended_at.us) put_row(&b, RU_EN("До", "Until"), time_text(al->ended_at, when));
    if (c && c->public_url.n) buf_printf(&b, "\n%.*s/alerts", STR(c->public_url));
    return (struct alert_text){ arena_printf(a, "%s: %.*s", head, STR(what)), buf_str(&b) };
}
