/* Whose unit is whose, remembered for the requests that come by the thousand: a bounded table of small sets,
 * each under the lock of its stripe. Owner and project of a unit never change while it lives, so an entry
 * goes stale only when its unit is removed. */
#include "feature/account/account.h"
#include "feature/unit/unit_rules.h"
#include <pthread.h>

enum { SETS = 4096, WAYS = 4, LOCKS = 64 };
static const i64 keep_us = SEC(10);

static struct known {
    uuid unit_id;
    i64 owner_id, project_id;
    i64 until_us;
} table[SETS][WAYS];
static struct {
    pthread_mutex_t lock;
    u64 changes; /* what was read before a change must not be remembered after it */
} stripes[LOCKS] = { [0 ... LOCKS - 1] = { .lock = PTHREAD_MUTEX_INITIALIZER } };

/* The last bytes of a UUID are random in every version that has randomness. */
static size_t set_of(uuid u)
{
    u64 tail;
    memcpy(&tail, u.b + 8, sizeof tail);
    return (size_t)(tail % SETS);
}

static bool recall(uuid unit_id, struct known *out, u64 *ticket)
{
    size_t set = set_of(unit_id);
    i64 now = time_mono_us();
    bool found = false;
    pthread_mutex_lock(&stripes[set % LOCKS].lock);
    for (size_t i = 0; i < WAYS && !found; i++) {
        found = table[set][i].until_us > now && uuid_eq(table[set][i].unit_id, unit_id);
        if (found) *out = table[set][i];
    }
    *ticket = stripes[set % LOCKS].changes;
    pthread_mutex_unlock(&stripes[set % LOCKS].lock);
    return found;
}

static void remember(const struct known *k, u64 ticket)
{
    size_t set = set_of(k->unit_id), oldest = 0;
    pthread_mutex_lock(&stripes[set % LOCKS].lock);
    for (size_t i = 0; i < WAYS; i++) {
        if (uuid_eq(table[set][i].unit_id, k->unit_id)) {
            oldest = i;
            break;
        }
        if (table[set][i].until_us < table[set][oldest].until_us) oldest = i;
    }
    if (stripes[set % LOCKS].changes == ticket) table[set][oldest] = *k;
    pthread_mutex_unlock(&stripes[set % LOCKS].lock);
}

static void forget(void *arg)
{
    size_t set = (size_t)(uintptr_t)arg;
    pthread_mutex_lock(&stripes[set % LOCKS].lock);
    memset(table[set], 0, sizeof table[set]);
    stripes[set % LOCKS].changes++;
    pthread_mutex_unlock(&stripes[set % LOCKS].lock);
}
void unit_allow_forget(struct op *op, uuid unit_id)
{
    db_after_commit(op, forget, (void *)(uintptr_t)set_of(unit_id));
}

static err_t no_unit(struct op *op, uuid unit_id)
{
    char text[UUID_TEXT];
    return fail(op, ERR_NOT_FOUND, "no unit %.*s", STR(uuid_text(unit_id, text)));
}

static err_t look_up(struct op *op, uuid unit_id, struct known *k, u64 ticket)
{
    struct unit u;
    bool found;
    TRY(unit_sql_find(op, unit_id, &u, &found));
    if (!found || u.desired == DESIRED_REMOVED) return no_unit(op, unit_id);
    *k = (struct known){ unit_id, u.owner_id, u.project_id, time_mono_us() + keep_us };
    remember(k, ticket);
    return OK;
}

err_t unit_scope(struct op *op, uuid unit_id, struct unit_scope *out)
{
    struct known k = { 0 };
    struct unit u;
    u64 ticket;
    *out = (struct unit_scope){ 0 };
    if (!recall(unit_id, &k, &ticket)) {
        TRY(unit_sql_find(op, unit_id, &u, &out->found));
        if (!out->found) return OK;
        k.owner_id = u.owner_id;
        k.project_id = u.project_id; /* not remembered: this operation may have made it, and fail */
    }
    *out = (struct unit_scope){ k.owner_id, k.project_id, true };
    return OK;
}

err_t unit_allow(struct op *op, uuid unit_id, enum unit_need need)
{
    struct known k;
    u64 ticket;
    enum project_role role;
    if (!recall(unit_id, &k, &ticket)) TRY(look_up(op, unit_id, &k, ticket));
    if (k.owner_id == op->who->user_id && !op->who->project_id) return OK;
    struct entity e = { VISIBLE_PRIVATE, k.owner_id, k.project_id };
    TRY(account_access(op, &e, &role));
    if (role == ROLE_NONE) return no_unit(op, unit_id);
    if (need == UNIT_CHANGE && role < ROLE_EDITOR)
        return fail(op, ERR_FORBIDDEN, "only its owner and editors of its project may change a unit");
    return OK;
}
