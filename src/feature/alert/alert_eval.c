/* The evaluation: every few seconds one look at all that rules are about. What changes is written, and what
 * is to be told with it, a transaction each rule's subject. */
#include "base/log.h"
#include "feature/account/account.h"
#include "feature/alert/alert_rules.h"

/* ---- one subject ---- */

static int by_subject(const void *x, const void *y)
{
    const struct alert *a = x, *b = y;
    if (a->rule_id != b->rule_id) return a->rule_id < b->rule_id ? -1 : 1;
    return str_cmp(a->subject_key, b->subject_key);
}

static struct alert *find_active(struct alert_round *r, i64 rule_id, str key)
{
    struct alert want = { .rule_id = rule_id, .subject_key = key };
    return r->active.n ? bsearch(&want, r->active.item, r->active.n, sizeof want, by_subject) : NULL;
}

bool alert_labels_match(const alert_labels *want, const alert_labels *have)
{
    for (size_t i = 0; i < want->n; i++) {
        bool found = false;
        for (size_t k = 0; k < have->n && !found; k++)
            found = str_eq(want->item[i].key, have->item[k].key) &&
                    str_eq(want->item[i].value, have->item[k].value);
        if (!found) return false;
    }
    return true;
}

bool alert_is_silenced(const alert_silence_list *list, const struct alert *a, time_us now, time_us *until)
{
    bool silenced = false;
    for (size_t i = 0; i < list->n; i++) {
        const struct alert_silence *s = &list->item[i];
        bool scope = s->owner_id == a->owner_id && s->project_id == a->project_id;
        bool due = s->starts_at.us <= now.us && s->until.us > now.us;
        if (!scope || !due || (s->rule_id && s->rule_id != a->rule_id) ||
            !alert_labels_match(&s->labels, &a->labels))
            continue;
        silenced = true;
        if (s->until.us > until->us) *until = s->until;
    }
    return silenced;
}

/* Tells, unless it is silenced now: then it is told when the silence ends, if it still fires. */
static err_t tell_once(struct alert_round *r, const struct alert_rule *rule, struct alert *a)
{
    time_us until = { 0 };
    if (a->notified_at.us || alert_is_silenced(&r->silences, a, r->now, &until)) return OK;
    a->notified_at = r->now;
    return alert_tell(r, rule, a, EVENT_FIRING);
}

static err_t begin(struct alert_round *r, const struct alert_rule *rule, const struct alert_sight *s)
{
    struct alert a = { .rule_id = rule->id,
                       .owner_id = rule->owner_id,
                       .project_id = rule->project_id,
                       .rule = rule->name,
                       .rule_ru = rule->name_ru,
                       .kind = rule->kind,
                       .severity = rule->severity,
                       .state = ALERT_PENDING,
                       .subject_key = s->key,
                       .subject = s->subject,
                       .labels = s->labels,
                       .value = s->value,
                       .threshold = rule->threshold,
                       .for_s = rule->for_s,
                       .note = s->note,
                       .started_at = r->now };
    /* An absence has lasted when it is seen; a failed unit has failed. */
    bool at_once = !rule->for_s || rule->kind == ALERT_ABSENT;
    if (at_once) {
        a.state = ALERT_FIRING;
        a.fired_at = r->now;
    }
    TRY(alert_sql_insert(r->op, &a));
    if (at_once) TRY(tell_once(r, rule, &a));
    if (at_once) alert_notice(r->op, &a);
    alert_changed(r->op, &a);
    return a.notified_at.us ? alert_sql_update(r->op, &a) : OK;
}

static err_t resolve(struct alert_round *r, const struct alert_rule *rule, struct alert *a)
{
    bool told = a->notified_at.us != 0;
    a->state = ALERT_RESOLVED;
    a->ended_at = r->now;
    alert_changed(r->op, a);
    alert_notice(r->op, a);
    TRY(alert_sql_update(r->op, a));
    return told && rule ? alert_tell(r, rule, a, EVENT_RESOLVED) : OK;
}

/* It never fired: there is nothing to remember. */
static err_t never_mind(struct alert_round *r, struct alert *a)
{
    a->state = ALERT_RESOLVED;
    a->ended_at = r->now;
    alert_changed(r->op, a);
    return alert_sql_delete(r->op, a->id);
}

static err_t go_on(struct alert_round *r, const struct alert_rule *rule, struct alert *a,
                   const struct alert_sight *s)
{
    r->seen[a - r->active.item] = true;
    if (a->state == ALERT_PENDING && !s->beyond) return never_mind(r, a);
    a->value = s->value;
    if (a->state == ALERT_FIRING && s->back) return resolve(r, rule, a);
    bool ripe = a->state == ALERT_PENDING && r->now.us - a->started_at.us >= SEC(rule->for_s);
    if (a->state == ALERT_PENDING && !ripe) return OK;
    time_us told = a->notified_at;
    if (ripe) {
        a->state = ALERT_FIRING;
        a->fired_at = r->now;
    }
    TRY(tell_once(r, rule, a));
    if (ripe) alert_notice(r->op, a);
    if (ripe || told.us != a->notified_at.us) alert_changed(r->op, a);
    return ripe || told.us != a->notified_at.us ? alert_sql_update(r->op, a) : OK;
}

err_t alert_see(struct alert_round *r, const struct alert_rule *rule, const struct alert_sight *s)
{
    struct alert *a = find_active(r, rule->id, s->key);
    if (!a && !s->beyond) return OK;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(r->op, &tx));
    TRY(a ? go_on(r, rule, a, s) : begin(r, rule, s));
    return db_commit(&tx);
}

/* ---- units ---- */

static double memory_percent(const struct unit *u)
{
    return u->memory_limit_bytes > 0 ? 100.0 * (double)u->rss_bytes / (double)u->memory_limit_bytes : 0;
}

static alert_labels unit_labels(struct arena *a, const struct unit *u)
{
    char id[UUID_TEXT];
    const struct alert_label all[] = { { S("unit"), u->name },
                                       { S("package"), u->package_name },
                                       { S("host"), u->device_name },
                                       { S("unit_id"), str_copy(a, uuid_text(u->unit_id, id)) } };
    alert_labels l = { NEWN(a, struct alert_label, LEN(all)), 0 };
    for (size_t i = 0; i < LEN(all); i++)
        if (all[i].value.p) l.item[l.n++] = all[i];
    return l;
}

static err_t look_at_unit(struct alert_round *r, const struct alert_rule *rule, const struct unit *u)
{
    char id[UUID_TEXT];
    bool alive = u->status == UNIT_RUNNING || u->status == UNIT_PAUSED || u->status == UNIT_STARTING;
    struct alert_sight s = { .subject = u->name, .labels = unit_labels(r->op->arena, u) };
    if (!alert_labels_match(&rule->labels, &s.labels)) return OK;
    s.key = arena_printf(r->op->arena, "unit/%.*s", STR(uuid_text(u->unit_id, id)));
    if (rule->kind == ALERT_UNIT_FAILED) {
        s.beyond = u->status == UNIT_FAILED;
        s.back = !s.beyond;
        s.note = s.beyond ? u->reason : (str){ 0 };
    } else {
        s.value = rule->kind == ALERT_UNIT_CPU ? u->cpu_percent : memory_percent(u);
        if (!alive) s.value = 0;
        s.beyond = s.value > rule->threshold;
        s.back = s.value <= rule->threshold - rule->hysteresis;
    }
    return alert_see(r, rule, &s);
}

static bool same_scope(const struct alert_rule *rule, const struct unit *u)
{
    return rule->project_id ? rule->project_id == u->project_id
                            : !u->project_id && rule->owner_id == u->owner_id;
}

/* Rules that every scope with units begins with. */
static const struct {
    int kind, severity;
    const char *name, *name_ru;
    double threshold, hysteresis;
    i64 for_s;
} builtins[] = {
    { ALERT_UNIT_FAILED, ALERT_CRITICAL, "Unit failed", "Сбой юнита", 0, 0, 0 },
    { ALERT_UNIT_MEMORY, ALERT_WARNING, "Memory over 90 % of the limit", "Память: больше 90 % предела", 90, 5,
      60 },
    { ALERT_UNIT_CPU, ALERT_WARNING, "CPU over 80 % for long", "Процессор: долго больше 80 %", 80, 10, 600 },
};

static bool has_builtin(const alert_rule_list *rules, int kind, const struct unit *u)
{
    for (size_t i = 0; i < rules->n; i++)
        if (rules->item[i].builtin && rules->item[i].kind == kind && same_scope(&rules->item[i], u))
            return true;
    return false;
}

static err_t add_builtins(struct alert_round *r, const struct unit *u, bool *added)
{
    for (size_t i = 0; i < LEN(builtins); i++) {
        if (has_builtin(&r->rules, builtins[i].kind, u)) continue;
        struct alert_rule rule = { .owner_id = u->project_id ? 0 : u->owner_id,
                                   .project_id = u->project_id,
                                   .name = str_of(builtins[i].name),
                                   .name_ru = str_of(builtins[i].name_ru),
                                   .kind = builtins[i].kind,
                                   .severity = builtins[i].severity,
                                   .builtin = true,
                                   .enabled = true,
                                   .threshold = builtins[i].threshold,
                                   .hysteresis = builtins[i].hysteresis,
                                   .for_s = builtins[i].for_s,
                                   .created_at = r->now,
                                   .updated_at = r->now };
        TRY(alert_sql_rule_insert(r->op, &rule));
        *added = true;
    }
    return OK;
}

static bool scope_seen(const struct unit *units, size_t n)
{
    for (size_t i = n; i-- > 0;)
        if (units[i].project_id == units[n].project_id &&
            (units[n].project_id || units[i].owner_id == units[n].owner_id))
            return true;
    return false;
}

static err_t look_at_units(struct alert_round *r)
{
    struct alert_filter everything = { .all = true };
    unit_list units = { 0 };
    bool added = false;
    TRY(unit_all(r->op, &units));
    for (size_t i = 0; i < units.n; i++)
        if (!scope_seen(units.item, i)) TRY(add_builtins(r, &units.item[i], &added));
    if (added) TRY(alert_sql_rules(r->op, &everything, false, &r->rules));
    for (size_t i = 0; i < r->rules.n; i++) {
        const struct alert_rule *rule = &r->rules.item[i];
        if (!rule->enabled || rule->kind < ALERT_UNIT_FAILED) continue;
        for (size_t k = 0; k < units.n; k++)
            if (same_scope(rule, &units.item[k])) TRY(look_at_unit(r, rule, &units.item[k]));
    }
    return OK;
}

/* ---- a round ---- */

/* Alerts whose rule or subject is not there any more are over; nobody is told. */
static err_t end_unseen(struct alert_round *r)
{
    for (size_t i = 0; i < r->active.n; i++) {
        struct alert *a = &r->active.item[i];
        if (r->seen[i]) continue;
        TRY(a->state == ALERT_PENDING ? never_mind(r, a) : resolve(r, NULL, a));
    }
    return OK;
}

err_t alert_evaluate_job(struct op *op)
{
    struct alert_round r = { .op = op, .now = time_now() };
    struct alert_filter everything = { .all = true };
    TRY(alert_sql_rules(op, &everything, false, &r.rules));
    TRY(alert_sql_active(op, &r.active));
    TRY(alert_sql_silences(op, &everything, r.now, &r.silences));
    TRY(alert_sql_channels(op, &everything, true, &r.channels));
    r.seen = NEWN(op->arena, bool, r.active.n + 1);
    if (r.active.n) qsort(r.active.item, r.active.n, sizeof *r.active.item, by_subject);
    TRY(look_at_units(&r));
    TRY(alert_look_at_series(&r));
    return end_unseen(&r);
}
