/* What the files of this folder tell one another; nothing outside includes it. */
#pragma once
#include "feature/account/account.h"
#include "feature/account/account_sql.h"
#include "feature/account/account_wire.h"
#include "feature/account/notice.h"
#include "feature/account/project_sql.h"
#include "feature/channel/channel.h"
#include "feature/feature.h"

enum {
    ACCESS_S = 15 * 60,     /* life of an access token of a session */
    REFRESH_S = 30 * 86400, /* of a session that nobody refreshes */
    LINK_S = 24 * 3600,     /* of a one-time link */
    COOKIE_S = 400 * 86400, /* of a browser's cookie: the longest that browsers keep one */
    SECRET_LEN = 40,        /* characters of a token, 238 bits */
    PASSWORD_LEAST = 8,
    PASSWORD_MOST = 200,
};

#define COOKIE_PREFIX "nbc_"

extern const struct migration migrations_account[];
extern const size_t nmigrations_account;
extern const struct route account_routes[19];
extern const struct command account_commands[6];
extern const struct topic account_topics[1];
str account_base_url(void);
const struct feature *const *account_features(size_t *n);

/* Secrets that people hold: PREFIX and random characters; the database has secret_hash() of them. */
str secret_new(struct arena *, str prefix);
str secret_hash(struct arena *, str secret);

/* Text from outside that only people read (a user agent): well-formed, one line, at most max bytes. */
str text_clean(struct arena *, str, size_t max);

/* Checks for descriptors. */
err_t login_check(struct op *, const struct field *, const void *val) MUST_USE;
err_t scopes_check(struct op *, const struct field *, const void *val) MUST_USE;
err_t email_check(struct op *, const struct field *, const void *val) MUST_USE;

/* An operation within an operation, whose memory and place in the database go as soon as it ends: one page of
 * a long walk. scratch_end() passes e and its message on. */
struct scratch {
    struct arena arena;
    struct op op;
};
struct op *scratch_begin(struct scratch *, const struct op *outer);
err_t scratch_end(struct scratch *, struct op *outer, err_t e) MUST_USE;

/* In of rows that only name a thing by its number. */
struct numbered {
    i64 id;
};
extern const struct desc numbered_desc;
/* In of lists: at most limit items behind cursor. */
struct page_in {
    i64 limit, cursor;
    str text;
};
extern const struct desc page_in_desc;
bool desc_given(const struct desc *, const struct present *, size_t off);
/* Whether a PATCH named that member. */
#define GIVEN(in, T, m) desc_given(&T##_desc, &(in)->given, offsetof(struct T, m))

/* Rights (auth.c). */
u64 role_rights(int role);
u64 scope_rights(str scopes);
str rights_scopes(struct arena *, u64 rights);
err_t need_session(struct op *) MUST_USE; /* ERR_FORBIDDEN for access tokens: what only the person may do */
/* In the transaction of every revocation: all nodes forget whom they know, this one when it is durable. */
err_t auth_forget(struct op *) MUST_USE;
u64 auth_generation(void);
void auth_reset_cache(void); /* another database stands behind the process: tests */
/* From here on op acts as u: the audit entry of a sign-in names who signed in. */
void auth_become(struct op *, const struct user *, i64 session_id);

/* HIDE_NOTE(op): transactions until the end of the scope are
 * bookkeeping, not the audited act itself. */
struct hidden_note {
    struct op *op;
    const struct op_note *note;
};
static inline struct hidden_note note_hide(struct op *op)
{
    struct hidden_note h = { op, op->note };
    op->note = NULL;
    return h;
}
static inline void hidden_note_done(struct hidden_note *h) { h->op->note = h->note; }
#define HIDE_NOTE(op) AUTO(hidden_note) UNUSED struct hidden_note hidden_note = note_hide(op)

/* Passwords (password.c): argon2id, a few at once. Never inside a transaction. */
err_t password_hash(struct op *, str password, str *hash) MUST_USE;
/* hash absent: nobody's; takes as long and is wrong. ERR_RATE while login is locked out, asked again once it
 * is our turn, right before the work: a flood gets no more guesses than hash at once. */
err_t password_check(struct op *, str login, str password, str hash, bool *right) MUST_USE;

/* Guessing (guard.c). */
err_t guard_check(struct op *, str login) MUST_USE;  /* ERR_RATE while locked out */
err_t guard_failed(struct op *, str login) MUST_USE; /* counts; commits */
err_t guard_passed(struct op *, str login) MUST_USE;

/* Signing keys (key.c). */
err_t key_current(struct op *, str *kid, str *secret) MUST_USE;
err_t key_find(struct op *, str kid, str *secret) MUST_USE; /* a jwt_key */
err_t key_rotate(struct op *, bool drop_old,
                 str *kid) MUST_USE; /* drop_old: every access token of a session ends now */

/* Sessions (session.c). session_begin() runs inside the caller's transaction; for our own page
 * (op->who->page) the session is a cookie. */
err_t session_begin(struct op *, const struct user *, struct auth_tokens *) MUST_USE;
err_t session_sign_in(struct op *, const struct auth_login *, struct auth_tokens *) MUST_USE;
err_t session_refresh(struct op *, str refresh_token, struct auth_tokens *) MUST_USE;
err_t session_end(struct op *, str refresh_token) MUST_USE;
str session_cookie(struct op *, str secret);        /* for Set-Cookie; absent secret: removes it */
err_t session_revoke(struct op *, i64 id) MUST_USE; /* one of op->who's */

/* TOTP (totp.c), RFC 6238: SHA-1, 30 s, 6 digits. */
struct totp_secret {
    str secret, uri;
};
u32 totp_code(str key, i64 step, u32 modulus);
bool totp_match(struct arena *, str base32_secret, str code, time_us now, i64 *step);
err_t totp_use(struct op *, const struct user *, str code, bool *right) MUST_USE; /* each code once */
err_t totp_begin(struct op *, struct totp_secret *) MUST_USE;
err_t totp_confirm(struct op *, str code) MUST_USE;
err_t totp_remove(struct op *, str password) MUST_USE;

/* People (user.c). */
struct user_new {
    str login, password, display_name, email, invite;
};
struct user_change { /* present members only */
    str display_name, email;
    int role, lang, theme;
    bool blocked, totp;
    bool has_display_name, has_email, has_role, has_blocked, has_totp, has_lang, has_theme;
};
err_t user_register(struct op *, const struct user_new *, struct auth_tokens *) MUST_USE;
err_t user_setup(struct op *, str link_token, const struct user_new *, struct auth_tokens *) MUST_USE;
err_t user_add(struct op *, const struct user_new *, int role, struct user *) MUST_USE;
err_t user_change(struct op *, i64 id, const struct user_change *, struct user *) MUST_USE;
err_t user_remove(struct op *, i64 id) MUST_USE;
struct audited user_audited(struct op *, const struct user *); /* for account_audit_detail() */
err_t user_password(struct op *, str current, str password) MUST_USE;
/* kind "setup" (user_id 0) or "reset": makes a link's token. */
err_t link_new(struct op *, str kind, i64 user_id, str *token, time_us *expires) MUST_USE;
err_t user_reset_link(struct op *, i64 id, str *token, time_us *expires) MUST_USE;
err_t user_reset(struct op *, str link_token, str password) MUST_USE;

/* Tokens (token.c). */
err_t token_store(struct op *, i64 user_id, const struct token_new *,
                  struct token_made *) MUST_USE; /* no questions */
err_t token_make(struct op *, const struct token_new *, struct token_made *) MUST_USE;
err_t token_revoke(struct op *, i64 id) MUST_USE;

/* Invites (invite.c). */
err_t invite_make(struct op *, str note, int role, i64 days, struct invite *, str *code) MUST_USE;
/* Whether the code is good and which role it gives: before the password is hashed. */
err_t invite_peek(struct op *, str code, int *role) MUST_USE;
err_t invite_remove(struct op *, i64 id) MUST_USE;
err_t invite_use(struct op *, str code,
                 i64 user_id) MUST_USE; /* once; in the transaction that makes user_id */

/* Projects (project.c). */
struct project_change {
    str name, display_name, description;
    int visibility;
    bool has_name, has_display_name, has_description, has_visibility;
};
err_t project_make(struct op *, const struct project_change *, struct project *) MUST_USE;
err_t project_get(struct op *, i64 id, struct project *) MUST_USE;
err_t project_update(struct op *, i64 id, const struct project_change *, struct project *) MUST_USE;
err_t project_remove(struct op *, i64 id) MUST_USE;
err_t project_member_set(struct op *, i64 id, str login, int role, struct member *) MUST_USE;
err_t project_member_remove(struct op *, i64 id, str login) MUST_USE;
err_t project_search(struct op *, const struct page_in *, void *list_of_project) MUST_USE;
extern const char *const member_roles[]; /* project_roles without none */
err_t project_members(struct op *, i64 id, void *list_of_member) MUST_USE;
