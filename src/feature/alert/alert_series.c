/* Rules over series. Which series a rule is about is looked up now and then and remembered; their newest
 * points are read each time. */
#include "base/log.h"
#include "feature/alert/alert_rules.h"
#include "feature/series/series.h"
#include <pthread.h>

enum { SERIES_MOST = 10000 };
static const i64 look_us = SEC(30), stale_us = SEC(300);

struct watched {
    i64 rule_id, series_id;
    str key, subject;
    alert_labels labels;
};
static struct {
    pthread_mutex_t lock; /* of a round */
    struct arena arena;
    struct watched *item;
    size_t n, room;
    i64 looked_us;
    const struct ports *ports;
    u64 rules; /* which, in which form */
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

void alert_series_forget(void)
{
    pthread_mutex_lock(&known.lock);
    arena_free(&known.arena);
    known.arena = (struct arena){ 0 };
    known.n = known.room = 0;
    known.item = NULL;
    known.looked_us = 0;
    pthread_mutex_unlock(&known.lock);
}

static u64 form_of(const alert_rule_list *rules)
{
    u64 h = 0;
    for (size_t i = 0; i < rules->n; i++)
        h = (h ^ (u64)rules->item[i].id ^ (u64)rules->item[i].updated_at.us << 8) * 0x9e3779b97f4a7c15u;
    return h;
}

/* The labels, and the series' name as one of them. */
static alert_labels labels_of(struct arena *a, const struct series_info *s)
{
    alert_labels l = { NEWN(a, struct alert_label, SERIES_MAX_LABELS + 1), 1 };
    struct json j = json_reader(a, s->labels.s);
    str key, value;
    l.item[0] = (struct alert_label){ S("series"), str_copy(a, s->name) };
    for (json_object(&j); json_key(&j, &key) && json_str(&j, &value) && l.n <= SERIES_MAX_LABELS;)
        l.item[l.n++] = (struct alert_label){ str_copy(a, key), str_copy(a, value) };
    return l;
}

/* "temperature {room: attic, ...}" */
static str subject_of(struct arena *a, const alert_labels *l)
{
    struct buf b = BUF(a);
    buf_put(&b, l->item[0].value);
    for (size_t i = 1; i < l->n; i++) {
        if (str_is(l->item[i].key, "unit_id")) continue;
        buf_printf(&b, "%s%.*s: %.*s", b.n == l->item[0].value.n ? " {" : ", ", STR(l->item[i].key),
                   STR(l->item[i].value));
    }
    if (b.n > l->item[0].value.n) buf_char(&b, '}');
    return str_copy(a, buf_str(&b));
}

static void keep(const struct alert_rule *rule, const struct series_info *s)
{
    struct arena *a = &known.arena;
    if (known.n == known.room) {
        struct watched *more = NEWN(a, struct watched, known.room = known.room ? known.room * 2 : 64);
        if (known.n) memcpy(more, known.item, known.n * sizeof *more);
        known.item = more;
    }
    struct watched *w = &known.item[known.n++];
    *w = (struct watched){ .rule_id = rule->id, .series_id = s->id, .labels = labels_of(a, s) };
    w->key = arena_printf(a, "series/%lld", (long long)s->id);
    w->subject = subject_of(a, &w->labels);
}

static err_t look_up_rule(struct op *op, const struct alert_rule *rule)
{
    struct series_match *m = NEWN(op->arena, struct series_match, rule->labels.n + 1);
    series_list list = { 0 };
    size_t n = 0;
    m[n++] = (struct series_match){ MATCH_EQUAL, { 0 }, rule->series };
    for (size_t i = 0; i < rule->labels.n; i++)
        m[n++] = (struct series_match){ MATCH_EQUAL, rule->labels.item[i].key, rule->labels.item[i].value };
    struct series_query q = { .match = m, .nmatch = n, .project_id = rule->project_id, .limit = SERIES_MOST };
    /* With the eyes of the rule's owner, so that other people's series do not fill the list. */
    const struct principal *system = op->who, owner = { .kind = WHO_USER, .user_id = rule->owner_id };
    if (!rule->project_id) op->who = &owner;
    err_t e = series_find(op, &q, &list);
    op->who = system;
    TRY(e);
    for (size_t i = 0; i < list.n; i++) {
        const struct series_info *s = &list.item[i];
        bool scope = rule->project_id ? s->project_id == rule->project_id
                                      : !s->project_id && s->owner_id == rule->owner_id;
        if (scope && s->kind != SERIES_TEXT) keep(rule, s);
    }
    return OK;
}

static err_t look_up(struct alert_round *r)
{
    i64 now = time_mono_us();
    u64 form = form_of(&r->rules);
    if (known.looked_us && now - known.looked_us < look_us && form == known.rules &&
        known.ports == r->op->ports)
        return OK;
    arena_free(&known.arena);
    known.arena = (struct arena){ 0 };
    known.item = NULL;
    known.n = known.room = 0;
    known.looked_us = 0;
    for (size_t i = 0; i < r->rules.n; i++) {
        const struct alert_rule *rule = &r->rules.item[i];
        if (rule->enabled && rule->kind <= ALERT_ABSENT) TRY(look_up_rule(r->op, rule));
    }
    known.looked_us = now;
    known.rules = form;
    known.ports = r->op->ports;
    return OK;
}

static const struct alert_rule *rule_of(const struct alert_round *r, i64 id)
{
    for (size_t i = 0; i < r->rules.n; i++)
        if (r->rules.item[i].id == id) return &r->rules.item[i];
    return NULL;
}

static err_t look_at(struct alert_round *r, const struct alert_rule *rule, const struct watched *w,
                     const struct series_point *p)
{
    struct alert_sight s = { .key = w->key, .subject = w->subject, .labels = w->labels };
    i64 age = r->now.us - p->t;
    s.value = p->f != 0 ? p->f : (double)p->i;
    if (rule->kind == ALERT_ABSENT) {
        s.value = p->t ? (double)(age / SEC(1)) : 0;
        s.beyond = p->t && age > SEC(rule->for_s);
        s.back = !s.beyond;
    } else if (p->t && age <= stale_us) { /* of what was long ago nobody knows whether it is over */
        double sign = rule->kind == ALERT_ABOVE ? 1 : -1;
        s.beyond = sign * s.value > sign * rule->threshold;
        s.back = sign * s.value <= sign * rule->threshold - rule->hysteresis;
    }
    return alert_see(r, rule, &s);
}

/* The newest points of all that is watched, read together: the same series stands under several rules. */
static err_t look_at_all(struct alert_round *r)
{
    i64 *ids = NEWN(r->op->arena, i64, known.n);
    struct series_point *p = NEWN(r->op->arena, struct series_point, known.n);
    const struct alert_rule *rule = NULL;
    for (size_t i = 0; i < known.n; i++) ids[i] = known.item[i].series_id;
    TRY(series_last(r->op, ids, known.n, p));
    for (size_t i = 0; i < known.n; i++) {
        if (!rule || rule->id != known.item[i].rule_id) rule = rule_of(r, known.item[i].rule_id);
        if (rule) TRY(look_at(r, rule, &known.item[i], &p[i]));
    }
    return OK;
}

err_t alert_look_at_series(struct alert_round *r)
{
    pthread_mutex_lock(&known.lock);
    err_t e = look_up(r);
    if (!e && known.n) e = look_at_all(r);
    pthread_mutex_unlock(&known.lock);
    return e;
}
