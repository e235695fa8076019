/* What the rules of this feature see of the database: one function a statement, no rule in any of them.
 * Private to the folder. Times come from the caller, so that tests can choose them. */
#pragma once
#include "port/db/db.h"

/* A LIKE pattern that finds text anywhere; the wildcards in it stand for themselves. */
str sql_like(struct arena *, str text);

enum user_role { USER_PERSON, USER_ADMIN, USER_AUDITOR };
extern const char *const user_roles[]; /* "user", "admin", "auditor", NULL */

struct user {
    i64 id;
    str login, display_name, email;
    int role;
    bool blocked, totp;
    time_us created_at, last_login_at;
    int lang, theme;                              /* see struct me */
    str password_hash, totp_secret, totp_pending; /* never shown */
    i64 totp_step;                                /* the newest time step whose code was taken */
};
extern const struct desc user_desc;
struct user_list {
    LIST(struct user) items;
};
err_t sql_user_get(struct op *, i64 id, struct user *) MUST_USE; /* ERR_NOT_FOUND */
err_t sql_user_find(struct op *, str login, struct user *, bool *found) MUST_USE;
err_t sql_user_insert(struct op *, struct user *) MUST_USE; /* sets id; ERR_CONFLICT: the login is taken */
err_t sql_user_store(struct op *,
                     const struct user *) MUST_USE; /* all that can change but the sign-in's own columns */
err_t sql_user_signed_in(struct op *, i64 id, time_us at) MUST_USE;
/* Takes a code's time step; *taken = false when it or a later one was taken already. */
err_t sql_user_take_step(struct op *, i64 id, i64 step, bool *taken) MUST_USE;
err_t sql_user_delete(struct op *, i64 id) MUST_USE;
err_t sql_user_list(struct op *, str text, i64 after, i64 limit, void *list_of_user) MUST_USE;
err_t sql_admins(struct op *,
                 i64 *n) MUST_USE; /* administrators who are not blocked; serialised until commit */

struct session {
    i64 id, user_id;
    time_us created_at, used_at, expires_at;
    str ip, user_agent;
    bool current;
    str cookie_hash; /* absent: its holder has refresh tokens */
};
extern const struct desc session_desc;
/* Who stands behind a credential, in one read. */
struct holder {
    i64 user_id, session_id, token_id, project_id;
    str login, scopes;
    int role;
    time_us expires_at, last_used_at;
};
err_t sql_session_insert(struct op *, const struct session *) MUST_USE;
err_t sql_session_holder(struct op *, i64 id, time_us now, struct holder *,
                         bool *found) MUST_USE; /* not of the blocked */
err_t sql_cookie_holder(struct op *, str hash, time_us now, struct holder *, bool *found) MUST_USE;
err_t sql_session_list(struct op *, i64 user_id, void *list_of_session) MUST_USE;
err_t sql_session_used(struct op *, i64 id, time_us now, time_us expires) MUST_USE;
err_t sql_session_delete(struct op *, i64 id, i64 user_id, i64 *n) MUST_USE;
err_t sql_sessions_delete_but(struct op *, i64 user_id, i64 keep) MUST_USE; /* keep 0: all go */

struct refresh {
    i64 session_id, user_id;
    time_us used_at, expires_at;
    bool blocked;
};
err_t sql_refresh_insert(struct op *, str hash, i64 session_id, time_us now) MUST_USE;
err_t sql_refresh_find(struct op *, str hash, struct refresh *, bool *found) MUST_USE;
err_t sql_refresh_take(struct op *, str hash, time_us now, bool *taken) MUST_USE; /* once */

struct token {
    i64 id;
    str name, scopes;
    i64 project_id;
    time_us created_at, expires_at, last_used_at;
    i64 user_id;
    str hash;
};
extern const struct desc token_desc;
err_t sql_token_insert(struct op *, struct token *) MUST_USE;
err_t sql_token_holder(struct op *, str hash, time_us now, struct holder *, bool *found) MUST_USE;
err_t sql_token_holder_of(struct op *, i64 id, time_us now, struct holder *, bool *found) MUST_USE;
err_t sql_token_used(struct op *, i64 id, time_us now) MUST_USE;
err_t sql_token_list(struct op *, i64 user_id, void *list_of_token) MUST_USE;
err_t sql_token_get(struct op *, i64 id, struct token *) MUST_USE;
err_t sql_token_delete(struct op *, i64 id) MUST_USE;
err_t sql_token_delete_named(struct op *, i64 user_id, str name, i64 *n) MUST_USE;

struct signing_key {
    str kid, secret;
    time_us created_at, retired_at;
};
err_t sql_keys(struct op *, void *list_of_signing_key) MUST_USE; /* newest first */
err_t sql_key_insert(struct op *, const struct signing_key *) MUST_USE;
err_t sql_keys_retire(struct op *, time_us now) MUST_USE;
err_t sql_keys_delete_retired(struct op *, time_us before) MUST_USE;

err_t sql_epoch(struct op *, i64 *) MUST_USE;
err_t sql_epoch_next(struct op *) MUST_USE;

struct invite {
    i64 id;
    str note;
    int role;
    time_us created_at, expires_at, used_at;
    str used_by; /* login */
    i64 created_by;
    str code_hash;
};
extern const struct desc invite_desc;
err_t sql_invite_insert(struct op *, struct invite *) MUST_USE;
err_t sql_invite_list(struct op *, str text, i64 after, i64 limit, void *list_of_invite) MUST_USE;
err_t sql_invite_delete(struct op *, i64 id, i64 *n) MUST_USE;
/* Uses the code for user_id, once: *taken = false for an unknown, used or expired code. */
err_t sql_invite_take(struct op *, str hash, i64 user_id, time_us now, bool *taken) MUST_USE;

struct one_time_link {
    str hash, kind;
    i64 user_id;
    time_us created_at, expires_at;
};
err_t sql_invite_peek(struct op *, str hash, time_us now, bool *found, int *role) MUST_USE;
err_t sql_link_insert(struct op *, const struct one_time_link *) MUST_USE;
err_t sql_link_peek(struct op *, str hash, str kind, time_us now, bool *found) MUST_USE;
err_t sql_link_take(struct op *, str hash, str kind, time_us now, bool *found, i64 *user_id) MUST_USE;
err_t sql_links_delete(struct op *, str kind, i64 user_id) MUST_USE; /* user_id 0: those of nobody */

struct failures {
    i64 failures;
    time_us last_at, locked_until;
};
err_t sql_failures(struct op *, str name, struct failures *, bool *found) MUST_USE;
/* One more; what is older than forget_before no longer counts. */
err_t sql_failures_add(struct op *, str name, time_us now, time_us forget_before, i64 *failures) MUST_USE;
err_t sql_failures_lock(struct op *, str name, time_us until) MUST_USE;
err_t sql_failures_clear(struct op *, str name) MUST_USE;

struct kept_answer {
    str fingerprint, body;
    i64 status;
    time_us created_at;
};
err_t sql_kept_find(struct op *, i64 user_id, str key, struct kept_answer *, bool *found) MUST_USE;
err_t sql_kept_reserve(struct op *, i64 user_id, str key, const struct kept_answer *, bool *mine) MUST_USE;
err_t sql_kept_store(struct op *, i64 user_id, str key, i64 status, str body) MUST_USE;
err_t sql_kept_delete(struct op *, i64 user_id, str key) MUST_USE;

/* Removes what has expired: sessions, links, invites, refresh tokens, failures, kept answers. */
err_t sql_sweep(struct op *, time_us now) MUST_USE;
err_t sql_instance(struct op *, str fresh, str *name) MUST_USE; /* fresh, if it has none yet */
