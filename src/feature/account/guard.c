/* Guessing: wrong passwords are counted per account and per address (a /64 of IPv6). Past a few free ones,
 * each further failure doubles the time in which nobody is let in, up to a quarter of an hour. An hour
 * without failures, or the right password, starts anew. Unknown logins count like known ones, so the answer
 * tells nothing. */
#include "feature/account/account_in.h"
#include <arpa/inet.h>

enum { FREE_LOGIN = 5, FREE_ADDRESS = 20, LONGEST_S = 15 * 60, FORGET_S = 3600 };

struct counter {
    str name;
    i64 free;
};

static str network_of(struct arena *a, str ip)
{
    struct in6_addr v6;
    if (inet_pton(AF_INET6, str_z(a, ip), &v6) != 1) return ip;
    for (int i = 8; i < 16; i++) v6.s6_addr[i] = 0;
    char text[INET6_ADDRSTRLEN];
    return str_copy(a, str_of(inet_ntop(AF_INET6, &v6, text, sizeof text)));
}

static size_t counters(struct op *op, str login, struct counter out[2])
{
    str name = str_lower(op->arena, login), ip = op->who->ip;
    size_t n = 0;
    out[n++] = (struct counter){ arena_printf(op->arena, "login:%.*s", STR(name)), FREE_LOGIN };
    if (ip.n) {
        str net = network_of(op->arena, ip);
        out[n++] = (struct counter){ arena_printf(op->arena, "address:%.*s", STR(net)), FREE_ADDRESS };
    }
    return n;
}

err_t guard_check(struct op *op, str login)
{
    struct counter c[2];
    i64 now = time_now().us, wait = 0;
    for (size_t i = 0, n = counters(op, login, c); i < n; i++) {
        struct failures f;
        bool found;
        TRY(sql_failures(op, c[i].name, &f, &found));
        if (found) wait = MAX(wait, f.locked_until.us - now);
    }
    if (wait <= 0) return OK;
    op->retry_after_us =
        MIN(wait, SEC(LONGEST_S)); /* a clock that stepped back locks nobody out for longer */
    return fail(op, ERR_RATE, "too many failed attempts; try again later");
}

static i64 penalty_us(i64 failures, i64 free)
{
    if (failures < free) return 0;
    i64 doublings = MIN(failures - free, 20);
    return MIN(SEC(1) << doublings, SEC(LONGEST_S));
}

err_t guard_failed(struct op *op, str login)
{
    struct counter c[2];
    time_us now = time_now();
    HIDE_NOTE(op);
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    for (size_t i = 0, n = counters(op, login, c); i < n; i++) {
        i64 failures;
        TRY(sql_failures_add(op, c[i].name, now, (time_us){ now.us - SEC(FORGET_S) }, &failures));
        i64 penalty = penalty_us(failures, c[i].free);
        if (penalty) TRY(sql_failures_lock(op, c[i].name, (time_us){ now.us + penalty }));
    }
    return db_commit(&tx);
}

err_t guard_passed(struct op *op, str login)
{
    struct counter c[2];
    counters(op, login, c);
    return sql_failures_clear(op, c[0].name);
}
