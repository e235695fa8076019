/* The audit log: append-only and chained. Each entry's hash covers the hash before it and its own content, so
 * a change or a gap anywhere shows. The row audit_chain knows the newest entry (a cut-off end shows) and the
 * newest one that retention has removed (where the chain now begins). Entries are written by the transaction
 * that they tell of: neither can exist without the other. */
#include "base/hash.h"
#include "base/log.h"
#include "feature/account/account_in.h"
#include "feature/account/audit_in.h"
#include "feature/channel/channel.h"
#include "net/route.h"

enum { PAGE = 500, TEXT = 300, JSON_MOST = 64 << 10 };

static void cover(struct hasher *h, str v)
{
    char head[32];
    int n = v.p ? snprintf(head, sizeof head, "%zu:", v.n) : snprintf(head, sizeof head, "-;");
    hasher_add(h, head, (size_t)n);
    hasher_add(h, v.p, v.n);
}

str audit_hash(struct arena *a, str previous, const struct audit_entry *e)
{
    struct arena scratch = { 0 };
    struct hasher *h = hasher_new(&scratch);
    const str covered[] = {
        previous,      arena_printf(&scratch, "%lld", (long long)e->id),
        e->login,      arena_printf(&scratch, "%lld", (long long)e->at.us),
        e->role,       arena_printf(&scratch, "%lld", (long long)e->user_id),
        e->ip,         e->user_agent,
        e->request_id, e->action,
        e->target,     e->method_path,
        e->outcome,    e->reason,
        e->before.s,   e->after.s,
    };
    for (size_t i = 0; i < LEN(covered); i++) cover(h, covered[i]);
    if (e->target_kind.p || e->target_id.p) { /* entries of versions before 6 of the tables have neither */
        cover(h, e->target_kind);
        cover(h, e->target_id);
    }
    str text = sha256_text(a, hasher_end(h));
    arena_free(&scratch);
    return text;
}

static const char *role_of(const struct principal *w)
{
    switch (w->kind) {
    case WHO_NOBODY: return "nobody";
    case WHO_SYSTEM: return "system";
    case WHO_TOKEN: return "token";
    case WHO_USER: break;
    }
    return w->rights & RIGHT_ADMIN ? "admin" : w->rights & RIGHT_AUDIT_READ ? "auditor" : "user";
}

/* Texts come from outside: cut, and what is not well-formed replaced, or a database would refuse them. */
static str text_of(struct op *op, str v) { return v.n ? text_clean(op->arena, v, TEXT) : (str){ 0 }; }

static json_raw json_of(json_raw v)
{
    return v.s.n > JSON_MOST ? (json_raw){ S("{\"cut\":\"too large for the audit log\"}") } : v;
}

/* To whoever looks at the log, once it is durable. */
static void tell(struct op *op, const struct audit_entry *e)
{
    if (!channel_wanted(S("audit"))) return;
    struct buf b = BUF(op->arena);
    desc_write(&b, &audit_entry_desc, e);
    channel_send_after(op, S("audit"), (str){ 0 }, buf_str(&b));
}

static err_t append(struct op *op, const struct op_note *note, str outcome, str reason)
{
    const struct principal *w = op->who;
    struct audit_chain c = { 0 };
    TRY(sql_chain_hold(op, &c));
    struct audit_entry e = { .id = c.head_id + 1,
                             .at = time_now(),
                             .user_id = w->user_id,
                             .login = text_of(op, w->login),
                             .role = str_of(role_of(w)),
                             .ip = text_of(op, w->ip),
                             .user_agent = text_of(op, w->user_agent),
                             .request_id = text_of(op, op->id),
                             .action = str_of(note->action),
                             .target_kind = note->target_kind ? str_of(note->target_kind) : (str){ 0 },
                             .target_id = text_of(op, note->target_id),
                             .target = text_of(op, note->target),
                             .method_path = text_of(op, note->method_path),
                             .outcome = outcome,
                             .reason = text_of(op, reason),
                             .before = json_of(note->before),
                             .after = json_of(note->after) };
    e.hash = audit_hash(op->arena, c.head_hash, &e);
    TRY(sql_audit_insert(op, &e));
    tell(op, &e);
    return sql_chain_head(op, e.id, e.hash);
}

err_t account_audit(struct op *op)
{
    const struct op_note *note = op->note;
    if (!note || !note->action) return OK;
    op->note = NULL; /* once an operation, and its own statements are not noted */
    return append(op, note, S("ok"), (str){ 0 });
}

static err_t refused(struct op *op, const struct op_note *note, err_t code, str reason)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(append(op, note, str_of(err_name(code)), reason));
    return db_commit(&tx);
}

void account_audit_refused(struct op *op, err_t code)
{
    static const struct op_note unnamed = { .action = "refused" }; /* a row that names no action */
    const struct op_note *note = op->note && op->note->action ? op->note : &unnamed;
    struct op_error kept = op->err;
    op->note = NULL;
    i64 deadline = op->deadline_us; /* the refusal is written even when the request is late */
    op->deadline_us = 0;
    if (refused(op, note, code, kept.msg))
        LOG_ERROR("a refused attempt is missing in the audit log", KV("request", op->id),
                  KV("why", op->err.msg));
    op->deadline_us = deadline;
    op->err = kept;
}

struct audited audited_number(struct op *op, const char *kind, i64 id, str name)
{
    return (struct audited){ kind, arena_printf(op->arena, "%lld", (long long)id), name };
}

struct audited audited_package(str name, str shown) { return (struct audited){ "package", name, shown }; }

err_t account_audit_target(struct op *op, struct audited target)
{
    return account_audit_detail(op, target, (json_raw){ 0 }, (json_raw){ 0 });
}

err_t account_audit_detail(struct op *op, struct audited target, json_raw before, json_raw after)
{
    if (!op->note) return OK;
    struct op_note *n = NEW(op->arena, struct op_note);
    *n = *op->note;
    if (target.kind) {
        n->target_kind = target.kind;
        n->target_id = target.id;
        n->target =
            target.name.n ? target.name : arena_printf(op->arena, "%s %.*s", target.kind, STR(target.id));
    }
    if (before.s.p) n->before = before;
    if (after.s.p) n->after = after;
    op->note = n;
    return OK;
}

json_raw account_audit_json(struct op *op, const struct desc *d, const void *record)
{
    struct buf b = BUF(op->arena);
    desc_write(&b, d, record);
    return (json_raw){ buf_str(&b) };
}

#define D struct audit_state
static const struct field audit_state_fields[] = {
    { F(intact), .flags = READONLY, .doc = "Whether every entry follows from the one before it." },
    { F(entries), .flags = READONLY, .doc = "Entries checked." },
    { F(first_id), .flags = READONLY | NULLABLE, .doc = "Oldest entry." },
    { F(last_id), .flags = READONLY | NULLABLE, .doc = "Newest entry." },
    { F(broken_at), .flags = READONLY | NULLABLE, .doc = "First entry that is wrong or missing." },
    { F(head_hash), .flags = READONLY,
      .doc = "Hash of the newest entry: kept elsewhere, it proves the past." },
    { F(reason), .flags = READONLY | NULLABLE, .doc = "What is wrong." },
};
#undef D
DESC(audit_state);

struct entry_list {
    LIST(struct audit_entry) items;
};

/* The walk so far: id and hash of the last entry that was right. */
struct walk {
    i64 id;
    char hash[65];
    bool ok;
};

static void broken(struct audit_state *s, struct walk *w, i64 at, const char *reason)
{
    w->ok = s->intact = false;
    s->broken_at = at;
    s->reason = str_of(reason);
}

static void check(struct op *op, const struct audit_entry *e, struct walk *w, struct audit_state *s)
{
    if (e->id != w->id + 1) {
        broken(s, w, w->id + 1, "an entry is missing");
    } else if (!str_eq(audit_hash(op->arena, str_of(w->hash), e), e->hash)) {
        broken(s, w, e->id, "an entry was changed");
    } else {
        if (!s->entries++) s->first_id = e->id;
        s->last_id = w->id = e->id;
        snprintf(w->hash, sizeof w->hash, "%.*s", STR(e->hash));
    }
}

static err_t walk_page(struct op *op, i64 last, struct walk *w, struct audit_state *s)
{
    struct entry_list l;
    TRY(sql_audit_page(op, w->id, PAGE, &l.items));
    if (!l.items.n) broken(s, w, w->id + 1, "the newest entries are missing");
    for (size_t i = 0; i < l.items.n && w->ok && w->id < last; i++) check(op, &l.items.item[i], w, s);
    return OK;
}

/* Walks what was there when the walk began; what is appended meanwhile is the next walk's. */
static err_t walk(struct op *op, const struct audit_chain *c, struct audit_state *s)
{
    struct walk w = { .id = c->anchor_id, .ok = true };
    snprintf(w.hash, sizeof w.hash, "%.*s", STR(c->anchor_hash));
    while (w.ok && w.id < c->head_id) {
        struct scratch page;
        TRY(scratch_end(&page, op, walk_page(scratch_begin(&page, op), c->head_id, &w, s)));
    }
    if (w.ok && !str_is(c->head_hash, w.hash))
        broken(s, &w, w.id, "the newest entry is not the one remembered");
    return OK;
}

err_t audit_verify(struct op *op, struct audit_state *s)
{
    struct audit_chain c = { 0 }, now = { 0 };
    TRY(sql_chain_get(op, &c));
    for (;;) {
        *s = (struct audit_state){ .intact = true, .head_hash = c.head_hash };
        TRY(walk(op, &c, s));
        TRY(sql_chain_get(op, &now));
        if (s->intact || now.anchor_id == c.anchor_id) return OK;
        c = now; /* retention removed what we were about to read */
    }
}

err_t audit_retain(struct op *op, time_us before)
{
    struct audit_chain c = { 0 };
    struct audit_entry newest = { 0 };
    bool found;
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_chain_hold(op, &c));
    TRY(sql_audit_newest_before(op, before, &newest, &found));
    if (!found) return OK;
    TRY(sql_chain_anchor(op, newest.id, newest.hash));
    TRY(sql_audit_delete_to(op, newest.id));
    return db_commit(&tx);
}
