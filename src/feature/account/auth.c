/* Who stands behind an Authorization header. The answer is remembered for a few seconds, because telemetry
 * asks twenty thousand times a second. What makes it safe: an entry is good for one generation only; every
 * revocation starts a new one here when it is durable, and counts up account_epoch in the database, which
 * each node reads twice a second. An answer that was read while a revocation went by belongs to the old
 * generation and is never used. */
#include "base/enc.h"
#include "base/hash.h"
#include "feature/account/account_in.h"
#include "feature/account/jwt.h"
#include <pthread.h>
#include <stdatomic.h>

enum { SHARDS = 16, SETS = 64, WAYS = 4, LOGIN_MAX = 64, TEXT_MAX = JWT_MAX };
static const i64 REMEMBER_US = 5000000, POLL_US = 500000, USED_EVERY_US = 300000000;

struct known {
    u64 hash, generation;
    i64 until_us; /* monotonic */
    str text;     /* the whole credential, owned */
    struct principal who;
    char login[LOGIN_MAX];
};
struct shard {
    pthread_mutex_t lock;
    struct known set[SETS][WAYS];
};
static struct shard shards[SHARDS] = { [0 ... SHARDS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };
static _Atomic u64 generation = 1;
static _Atomic i64 next_poll_us;
static _Atomic i64 seen_epoch = -1;

u64 auth_generation(void) { return atomic_load(&generation); }

static void next_generation(void *unused)
{
    (void)unused;
    atomic_fetch_add(&generation, 1);
}

err_t auth_forget(struct op *op)
{
    TRY(sql_epoch_next(op));
    db_after_commit(op, next_generation, NULL);
    return OK;
}

void auth_reset_cache(void)
{
    atomic_store(&next_poll_us, 0);
    atomic_store(&seen_epoch, -1);
    next_generation(NULL);
}

/* One operation at a time looks whether another node has revoked something. A database that is away revokes
 * nothing; then the entries run out by themselves. */
static void poll_epoch(struct op *op)
{
    i64 now = time_mono_us(), due = atomic_load(&next_poll_us);
    if (now < due || !atomic_compare_exchange_strong(&next_poll_us, &due, now + POLL_US)) return;
    i64 epoch;
    if (sql_epoch(op, &epoch)) op_clear(op);
    else if (atomic_exchange(&seen_epoch, epoch) != epoch) next_generation(NULL);
}

static struct known *set_of(u64 hash, struct shard **shard)
{
    *shard = &shards[hash % SHARDS];
    return (*shard)->set[hash / SHARDS % SETS];
}

static bool recall(struct op *op, str text, u64 hash, struct principal *out)
{
    struct shard *s;
    struct known *set = set_of(hash, &s);
    i64 now = time_mono_us();
    u64 g = auth_generation();
    bool hit = false;
    pthread_mutex_lock(&s->lock);
    for (int i = 0; i < WAYS && !hit; i++) {
        const struct known *k = &set[i];
        hit = k->hash == hash && k->generation == g && now < k->until_us && k->text.n == text.n &&
              same_bytes(k->text.p, text.p, text.n);
        if (!hit) continue;
        *out = k->who;
        out->login = str_copy(op->arena, k->who.login);
    }
    pthread_mutex_unlock(&s->lock);
    return hit;
}

static void keep(str text, u64 hash, u64 g, i64 until_us, const struct principal *who)
{
    if (who->login.n > LOGIN_MAX) return;
    struct shard *s;
    struct known *set = set_of(hash, &s), *k = set;
    str copy = mem_str(text);
    pthread_mutex_lock(&s->lock);
    for (int i = 1; i < WAYS; i++) /* the emptiest place, else the one that ends first */
        if (set[i].generation < k->generation ||
            (set[i].generation == k->generation && set[i].until_us < k->until_us))
            k = &set[i];
    str old = k->text;
    *k = (struct known){ .hash = hash, .generation = g, .until_us = until_us, .text = copy, .who = *who };
    memcpy(k->login, who->login.p, who->login.n);
    k->who.login = (str){ k->login, who->login.n };
    k->who.ip = k->who.user_agent = (str){ 0 };
    pthread_mutex_unlock(&s->lock);
    mem_free((void *)(uintptr_t)old.p);
}

#define X(id, bit, scope, doc) { id, scope },
static const struct {
    u64 right;
    const char *scope;
} rights[] = { RIGHTS(X) };
#undef X

u64 role_rights(int role)
{
    static const u64 person = RIGHT_PUBLIC | RIGHT_USER | RIGHT_PACKAGE_READ | RIGHT_PACKAGE_WRITE |
                              RIGHT_UNIT_READ | RIGHT_UNIT_WRITE | RIGHT_TELEMETRY_WRITE | RIGHT_PROJECT |
                              RIGHT_PROJECT_READ | RIGHT_SERIES_READ | RIGHT_SERIES_WRITE | RIGHT_ALERT_READ |
                              RIGHT_ALERT_WRITE;
    static const u64 auditor = RIGHT_PUBLIC | RIGHT_USER | RIGHT_PACKAGE_READ | RIGHT_UNIT_READ |
                               RIGHT_PROJECT_READ | RIGHT_AUDIT_READ | RIGHT_SERIES_READ | RIGHT_ALERT_READ;
    switch (role) {
    case USER_ADMIN: return person | RIGHT_AUDIT_READ | RIGHT_ADMIN;
    case USER_AUDITOR: return auditor;
    default: return person;
    }
}

u64 scope_rights(str scopes)
{
    u64 out = RIGHT_PUBLIC;
    for (str rest = scopes, piece; str_next(&rest, ' ', &piece);)
        for (size_t i = 0; i < LEN(rights); i++)
            if (str_is(piece, rights[i].scope)) out |= rights[i].right;
    if (out & RIGHT_PROJECT) out |= RIGHT_PROJECT_READ;
    return out;
}

str rights_scopes(struct arena *a, u64 have)
{
    struct buf b = BUF(a);
    for (size_t i = 0; i < LEN(rights); i++) {
        if (!(have & rights[i].right) || !*rights[i].scope) continue;
        if (b.n) buf_char(&b, ' ');
        buf_z(&b, rights[i].scope);
    }
    return buf_str(&b);
}

err_t scopes_check(struct op *op, const struct field *f, const void *val)
{
    size_t n = 0;
    for (str rest = *(const str *)val, piece; str_next(&rest, ' ', &piece); n++) {
        bool ok = false;
        for (size_t i = 0; i < LEN(rights); i++) ok |= *rights[i].scope && str_is(piece, rights[i].scope);
        if (!ok) return fail_field(op, f->name, "'%.*s' is not a scope", STR(piece));
    }
    return n ? OK : fail_field(op, f->name, "needs at least one scope");
}

err_t need_session(struct op *op)
{
    if (op->who->kind == WHO_USER) return OK;
    return fail(op, ERR_FORBIDDEN, "sign in for this; an access token cannot do it");
}

void auth_become(struct op *op, const struct user *u, i64 session_id)
{
    struct principal *p = NEW(op->arena, struct principal);
    *p = (struct principal){ .kind = WHO_USER,
                             .user_id = u->id,
                             .session_id = session_id,
                             .rights = role_rights(u->role),
                             .login = u->login,
                             .ip = op->who->ip,
                             .user_agent = op->who->user_agent,
                             .page = op->who->page };
    op->who = p;
}

static err_t refuse(struct op *op) { return fail(op, ERR_UNAUTHENTICATED, "the access token is not valid"); }

static struct principal principal_of(struct op *op, const struct holder *h)
{
    return (struct principal){ .kind = WHO_USER,
                               .user_id = h->user_id,
                               .project_id = h->project_id,
                               .token_id = h->token_id,
                               .session_id = h->session_id,
                               .rights = role_rights(h->role),
                               .login = h->login,
                               .ip = op->who->ip,
                               .user_agent = op->who->user_agent };
}

static err_t by_session(struct op *op, str text, struct principal *out, i64 *expires_us)
{
    struct jwt_claims c;
    struct holder h = { 0 };
    bool found;
    time_us now = time_now();
    TRY(jwt_verify(op, text, now.us / SEC(1), key_find, &c));
    TRY(sql_session_holder(op, c.sid, now, &h, &found));
    if (!found || h.user_id != c.sub) return refuse(op);
    *out = principal_of(op, &h);
    *expires_us = SEC(c.exp);
    return OK;
}

static err_t by_token(struct op *op, str text, struct principal *out, i64 *expires_us)
{
    struct holder h = { 0 };
    bool found;
    time_us now = time_now();
    TRY(sql_token_holder(op, secret_hash(op->arena, text), now, &h, &found));
    if (!found) return refuse(op);
    *out = principal_of(op, &h);
    out->kind = WHO_TOKEN;
    out->rights &= scope_rights(h.scopes);
    if (h.project_id) out->rights &= ~(RIGHT_USER | RIGHT_ADMIN | RIGHT_AUDIT_READ);
    *expires_us = h.expires_at.us ? h.expires_at.us : INT64_MAX;
    if (now.us - h.last_used_at.us < USED_EVERY_US) return OK;
    HIDE_NOTE(op);
    return sql_token_used(op, h.token_id, now);
}

/* The browser's cookie is longer-lived than the session: it is the use that prolongs it. */
static err_t by_cookie(struct op *op, str text, struct principal *out, i64 *expires_us)
{
    struct holder h = { 0 };
    bool found;
    time_us now = time_now();
    TRY(sql_cookie_holder(op, secret_hash(op->arena, text), now, &h, &found));
    if (!found) return fail(op, ERR_UNAUTHENTICATED, "the session has ended: sign in again");
    *out = principal_of(op, &h);
    *expires_us = h.expires_at.us;
    if (now.us - h.last_used_at.us < USED_EVERY_US) return OK;
    HIDE_NOTE(op);
    return sql_session_used(op, h.session_id, now, (time_us){ now.us + SEC(REFRESH_S) });
}

typedef err_t looks_up(struct op *, str text, struct principal *out, i64 *expires_us);

/* name: what the credential is remembered by. */
static err_t identify(struct op *op, str text, str name, looks_up *look, struct principal *out)
{
    poll_epoch(op);
    u64 hash = str_hash(name), g = auth_generation();
    str ip = op->who->ip, agent = op->who->user_agent;
    if (!recall(op, name, hash, out)) {
        i64 expires_us = 0;
        TRY(look(op, text, out, &expires_us));
        i64 left = MIN(REMEMBER_US, expires_us - time_now().us);
        keep(name, hash, g, time_mono_us() + left, out);
    }
    out->ip = ip;
    out->user_agent = agent;
    return OK;
}

static bool is_cookie(str text) { return str_starts(text, S(COOKIE_PREFIX)); }

/* A person's own password, for programs that know nothing else: may send telemetry, nothing more. Guesses
 * count as at sign-in, and who has a second factor needs a token. */
static err_t by_password(struct op *op, str both, struct principal *out, i64 *expires_us)
{
    str login, password;
    struct user u = { 0 };
    bool found, right;
    if (!str_cut(both, ':', &login, &password)) return refuse(op);
    TRY(guard_check(op, login));
    TRY(sql_user_find(op, login, &u, &found));
    TRY(password_check(op, login, password, found ? u.password_hash : (str){ 0 }, &right));
    if (!right) TRY(guard_failed(op, login));
    if (!right || u.blocked) return fail(op, ERR_UNAUTHENTICATED, "login or password is wrong");
    if (u.totp)
        return fail(op, ERR_UNAUTHENTICATED, "two factors are on: send an access token as the password");
    *out = (struct principal){ .kind = WHO_TOKEN,
                               .user_id = u.id,
                               .rights = role_rights(u.role) & (RIGHT_PUBLIC | RIGHT_TELEMETRY_WRITE),
                               .login = u.login };
    *expires_us = INT64_MAX;
    return OK;
}

static err_t no_header(struct op *op)
{
    return fail(op, ERR_UNAUTHENTICATED, "the Authorization header must be 'Bearer' and an access token");
}

/* Basic: a token as password, or as the name with an empty password; else a person's own password, which is
 * remembered by its hash only. */
static err_t by_basic(struct op *op, str encoded, struct principal *out)
{
    str both, login, password;
    if (!base64_decode(op->arena, str_trim(encoded), &both) || !str_utf8_ok(both) ||
        !str_cut(both, ':', &login, &password))
        return no_header(op);
    str token = password.n ? password : login;
    if (str_starts(token, S("nbp_"))) return identify(op, token, token, by_token, out);
    return identify(op, both, secret_hash(op->arena, both), by_password, out);
}

err_t account_authenticate(struct op *op, str authorization, struct principal *out)
{
    str scheme, text;
    if (!str_cut(authorization, ' ', &scheme, &text) || !text.n || text.n > TEXT_MAX) return no_header(op);
    if (str_eq_fold(scheme, S("basic"))) return by_basic(op, text, out);
    if (!str_eq_fold(scheme, S("bearer")) && !str_eq_fold(scheme, S("token"))) return no_header(op);
    if (is_cookie(text)) return refuse(op); /* it may be remembered, and is good only as a cookie */
    return identify(op, text, text, str_starts(text, S("nbp_")) ? by_token : by_session, out);
}

err_t account_authenticate_cookie(struct op *op, str value, struct principal *out)
{
    if (!is_cookie(value) || value.n > TEXT_MAX)
        return fail(op, ERR_UNAUTHENTICATED, "the session cookie is not valid");
    return identify(op, value, value, by_cookie, out);
}

u64 account_revocations(struct op *op)
{
    poll_epoch(op);
    return auth_generation();
}

err_t account_stands(struct op *op, const struct principal *who)
{
    struct holder h = { 0 };
    bool found;
    time_us now = time_now();
    if (who->kind == WHO_SYSTEM) return OK;
    if (who->token_id) TRY(sql_token_holder_of(op, who->token_id, now, &h, &found));
    else TRY(sql_session_holder(op, who->session_id, now, &h, &found));
    bool stands = found && h.user_id == who->user_id && !(who->rights & ~role_rights(h.role));
    return stands ? OK : refuse(op);
}
