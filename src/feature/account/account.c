/* The feature: its start, its jobs, and the small things that all its files use. */
#include "feature/account/account.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/rand.h"
#include "feature/account/account_in.h"
#include "port/config.h"

static const struct feature *const *features;
static size_t nfeatures;
static char base_url[1024];

void account_know_features(const struct feature *const *list, size_t n)
{
    features = list;
    nfeatures = n;
}

const struct feature *const *account_features(size_t *n)
{
    *n = nfeatures;
    return features;
}

str account_base_url(void) { return str_of(base_url); }

str secret_new(struct arena *a, str prefix)
{
    return arena_printf(a, "%.*s%.*s", STR(prefix), STR(rand_text(a, SECRET_LEN)));
}

str secret_hash(struct arena *a, str secret) { return sha256_text(a, sha256_of(secret)); }

str text_clean(struct arena *a, str s, size_t max)
{
    struct buf b = BUF(a);
    if (!s.p) return s;
    while (s.n && b.n < max) {
        u8 c = (u8)*s.p;
        size_t n = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        str one = str_head(s, n);
        if (one.n < n || !str_utf8_ok(one) || c < ' ' || c == 127) one = (str){ s.p, 1 };
        if (b.n + n > max) break;
        buf_put(&b, str_utf8_ok(one) && c >= ' ' && c != 127 ? one : S("?"));
        s = str_skip(s, one.n);
    }
    return buf_str(&b);
}

struct op *scratch_begin(struct scratch *s, const struct op *outer)
{
    *s = (struct scratch){ 0 };
    s->op = (struct op){ .arena = &s->arena,
                         .ports = outer->ports,
                         .who = outer->who,
                         .id = outer->id,
                         .deadline_us = outer->deadline_us };
    return &s->op;
}

err_t scratch_end(struct scratch *s, struct op *outer, err_t e)
{
    if (e) {
        outer->err = s->op.err;
        outer->err.msg = str_copy(outer->arena, s->op.err.msg);
        outer->err.field = str_copy(outer->arena, s->op.err.field);
        outer->retry_after_us = s->op.retry_after_us;
    }
    arena_free(&s->arena);
    return e;
}

#define D struct numbered
static const struct field numbered_fields[] = {
    { F(id), .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of what is meant." },
};
#undef D
DESC(numbered);

#define D struct page_in
static const struct field page_in_fields[] = {
    { F(limit), .flags = QUERY, .min = 1, .max = 500, .def = "50", .doc = "Items at most." },
    { F(cursor), .flags = QUERY, .min = 0, .max = INT64_MAX, .def = "0",
      .doc = "next_cursor of the page before." },
    { F(text), .flags = QUERY, .min = 0, .max = 100, .doc = "Only items with this text in them." },
};
#undef D
DESC(page_in);

bool desc_given(const struct desc *d, const struct present *given, size_t off)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->field[i].off == off) return given->set >> i & 1;
    return false;
}

static bool login_char(char c, bool first)
{
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return plain || (!first && strchr("._@+-", c) && c);
}

err_t login_check(struct op *op, const struct field *f, const void *val)
{
    str v = *(const str *)val;
    for (size_t i = 0; i < v.n; i++)
        if (!login_char(v.p[i], i == 0))
            return fail_field(op, f->name,
                              "takes letters, digits and . _ @ + - and begins with a letter or digit");
    if (str_eq_fold(v, S("system"))) return fail_field(op, f->name, "is the program's own name");
    return OK;
}

err_t email_check(struct op *op, const struct field *f, const void *val)
{
    str v = *(const str *)val, name, host;
    size_t at;
    bool ok = str_cut(v, '@', &name, &host) && name.n && host.n && !str_find_char(host, '@', &at);
    for (size_t i = 0; ok && i < v.n; i++) ok = (u8)v.p[i] > ' ' && v.p[i] != 127;
    return ok ? OK : fail_field(op, f->name, "is no e-mail address");
}

static err_t count_admins(struct op *op, i64 *n)
{
    AUTO(db_tx) struct db_tx tx = { 0 };
    TRY(db_begin(op, &tx));
    TRY(sql_admins(op, n));
    return db_commit(&tx);
}

/* Another node may be starting at the same time with the same settings: whoever is second finds it done. */
static err_t make_admin(struct op *op, const struct config *c)
{
    struct user_new in = { .login = c->admin_login, .password = c->admin_password };
    static const struct field name = { .name = "admin_login" };
    struct user u;
    i64 admins;
    if (!in.login.n || !in.password.n)
        return fail_field(op, in.login.n ? "admin_password" : "admin_login", "give both or neither");
    TRY(login_check(op, &name, &in.login));
    if (in.password.n < PASSWORD_LEAST || in.password.n > PASSWORD_MOST)
        return fail_field(op, "admin_password", "must have %d to %d bytes", PASSWORD_LEAST, PASSWORD_MOST);
    err_t e = user_add(op, &in, USER_ADMIN, &u);
    if (e != ERR_CONFLICT) return e;
    TRY(count_admins(op, &admins));
    if (!admins) return fail_field(op, "admin_login", "is the login of somebody who is no administrator");
    op_clear(op);
    return OK;
}

static err_t make_link(struct op *op, enum lang console)
{
    str token;
    time_us expires;
    TRY(link_new(op, S("setup"), 0, &token, &expires));
    TRY(db_flush(op));
    fprintf(stderr,
            console == LANG_RU
                ? "\n  Первый запуск. Создайте администратора здесь (один раз, в течение суток):\n"
                  "    %s/setup?token=%.*s\n\n"
                : "\n  First start. Make the administrator here (once, within a day):\n    "
                  "%s/setup?token=%.*s\n\n",
            base_url, STR(token));
    return OK;
}

err_t account_start(struct op *op, str url, enum lang console)
{
    static const struct op_note note = { .action = "node.first_start" };
    const struct config *c = op->ports->config;
    i64 admins;
    snprintf(base_url, sizeof base_url, "%.*s", STR(url));
    TRY(count_admins(op, &admins));
    if (admins) return OK;
    const struct op_note *outer = op->note;
    op->note = &note;
    err_t e = c && (c->admin_login.n || c->admin_password.n) ? make_admin(op, c) : make_link(op, console);
    op->note = outer;
    return e;
}

static char cookie_name[40] = "netbit_session";
const char *account_cookie(void) { return cookie_name; }

static err_t name_cookie(struct op *op)
{
    str name;
    TRY(sql_instance(op, rand_text(op->arena, 8), &name));
    snprintf(cookie_name, sizeof cookie_name, "netbit_session_%.*s", STR(str_head(name, 16)));
    return OK;
}

/* A key must be there before the first sign-in, which needs one inside its transaction. */
static err_t start(struct op *op)
{
    str kid, secret;
    TRY(name_cookie(op));
    return key_current(op, &kid, &secret);
}

static err_t sweep(struct op *op) { return sql_sweep(op, time_now()); }

static const struct job jobs[] = {
    { "account.sweep", SEC(3600), sweep, "Removes expired sessions, links, invites and counters." },
};

const struct feature account_feature = {
    .name = "account",
    .doc = "Users, sign-in, tokens, invites.",
    .routes = account_routes,
    .nroutes = LEN(account_routes),
    .commands = account_commands,
    .ncommands = LEN(account_commands),
    .jobs = jobs,
    .njobs = LEN(jobs),
    .migrations = migrations_account,
    .nmigrations = &nmigrations_account,
    .topics = account_topics,
    .ntopics = LEN(account_topics),
    .start = start,
};
