/* Keys that sign access tokens. The newest one signs; a retired one verifies until the last token that it
 * signed has expired. They are kept in the database so that every node has them, and remembered here. */
#include "base/enc.h"
#include "base/log.h"
#include "base/rand.h"
#include "feature/account/account_in.h"
#include "feature/account/jwt.h"
#include <pthread.h>

enum { KEYS = 8, KEY_BYTES = 32, LOCK_KEYS = 0x61636334 };

struct key_list {
    LIST(struct signing_key) keys;
};

static struct {
    pthread_mutex_t lock;
    u64 generation; /* of auth_generation() at reading; 0: never read */
    size_t n;
    struct {
        char kid[JWT_KID_MAX + 1], secret[64];
        i64 retired_us;
    } key[KEYS];
} known = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void remember(const struct key_list *l, u64 generation)
{
    pthread_mutex_lock(&known.lock);
    known.n = 0;
    for (size_t i = 0; i < l->keys.n && known.n < KEYS; i++) {
        const struct signing_key *k = &l->keys.item[i];
        if (k->kid.n > JWT_KID_MAX || k->secret.n >= sizeof known.key[0].secret) continue;
        snprintf(known.key[known.n].kid, sizeof known.key[0].kid, "%.*s", STR(k->kid));
        snprintf(known.key[known.n].secret, sizeof known.key[0].secret, "%.*s", STR(k->secret));
        known.key[known.n++].retired_us = k->retired_at.us;
    }
    known.generation = generation;
    pthread_mutex_unlock(&known.lock);
}

static err_t load(struct op *op)
{
    struct key_list l;
    u64 generation = auth_generation();
    TRY(sql_keys(op, &l.keys));
    remember(&l, generation);
    return OK;
}

/* kid absent: the one that signs. */
static bool find(struct op *op, str kid, str *found_kid, str *secret)
{
    bool hit = false;
    i64 still_good = time_now().us - SEC(ACCESS_S);
    pthread_mutex_lock(&known.lock);
    for (size_t i = 0; i < known.n && !hit && known.generation == auth_generation(); i++) {
        i64 retired = known.key[i].retired_us;
        hit = kid.p ? str_is(kid, known.key[i].kid) && (!retired || retired > still_good) : !retired;
        if (!hit) continue;
        *found_kid = str_copy(op->arena, str_of(known.key[i].kid));
        *secret = str_copy(op->arena, str_of(known.key[i].secret));
    }
    pthread_mutex_unlock(&known.lock);
    return hit;
}

static err_t key_make(struct op *op, str *kid)
{
    u8 bytes[KEY_BYTES];
    rand_bytes(bytes, sizeof bytes);
    struct signing_key k = { .kid = rand_text(op->arena, 16),
                             .secret = base64url_text(op->arena, (str){ (const char *)bytes, sizeof bytes }),
                             .created_at = time_now() };
    *kid = k.kid;
    return sql_key_insert(op, &k);
}

/* The very first key: several nodes and requests may find none at the same time. */
static err_t make_first(struct op *op)
{
    HIDE_NOTE(op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(db_lock(op, LOCK_KEYS));
    struct key_list l;
    str kid;
    TRY(sql_keys(op, &l.keys));
    if (!l.keys.n || l.keys.item[0].retired_at.us) TRY(key_make(op, &kid));
    TRY(db_commit(&tx));
    return load(op);
}

err_t key_current(struct op *op, str *kid, str *secret)
{
    if (find(op, (str){ 0 }, kid, secret)) return OK;
    TRY(load(op));
    if (find(op, (str){ 0 }, kid, secret)) return OK;
    TRY(make_first(op));
    if (find(op, (str){ 0 }, kid, secret)) return OK;
    return fail_detail(op, ERR_INTERNAL, "no signing key after making one");
}

err_t key_find(struct op *op, str kid, str *secret)
{
    str same;
    if (find(op, kid, &same, secret)) return OK;
    TRY(load(op));
    if (find(op, kid, &same, secret)) return OK;
    return fail(op, ERR_NOT_FOUND, "the signing key is not known");
}

err_t key_rotate(struct op *op, bool drop_old, str *kid)
{
    time_us now = time_now();
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(db_lock(op, LOCK_KEYS));
    TRY(sql_keys_retire(op, now));
    TRY(sql_keys_delete_retired(op, (time_us){ drop_old ? now.us + 1 : now.us - SEC(2 * ACCESS_S) }));
    TRY(key_make(op, kid));
    TRY(auth_forget(op));
    TRY(account_audit_target(op, (struct audited){ "key", *kid, *kid }));
    return db_commit(&tx);
}
