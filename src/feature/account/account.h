/* Accounts: who acts and what they may do. Users, sessions, access tokens, projects with their members, and
 * the audit log. This is the border that other features and main see; tables `users` and `projects` are what
 * foreign keys name. Everything here may block on the database unless it says otherwise. */
#pragma once
#include "base/desc.h"
#include "base/lang.h"
#include "feature/account/right.h"

struct feature;
struct http_idempotency;
/* One folder, four features: one's own account; the administrator's view of people; projects; the audit log.
 */
extern const struct feature account_feature, admin_feature, project_feature, audit_feature;

/* Called once by main before the features start: who is asked when a person leaves or exports what is theirs.
 */
void account_know_features(const struct feature *const *features, size_t n);
/* First start: makes the administrator of config's admin_login and admin_password, or a one-time link that is
 * printed on the console, in its language, as BASE_URL/setup?token=... . Harmless when there is an
 * administrator. */
err_t account_start(struct op *, str base_url, enum lang console) MUST_USE;

/* Authorization header ("Bearer JWT", "Bearer nbp_...", "Token nbp_...", "Basic" with a token as its
 * password; or with the person's own, which then may send telemetry only: rows with ROUTE_ANY_CREDENTIALS
 * take these) into a principal whose texts live in op->arena; ip and user agent are op->who's. A hit of the
 * cache costs under 2 us; a miss reads the database. What was revoked here is refused at once, elsewhere in
 * the cluster within a second. ERR_UNAUTHENTICATED for anything else. */
err_t account_authenticate(struct op *, str authorization, struct principal *out) MUST_USE;

/* The same for the session cookie of a browser, by its value; it is good until a session has not been used
 * for 30 days. docs/adr/0090. */
const char *account_cookie(void); /* its name, this Netbit's own; known once the feature has started */
err_t account_authenticate_cookie(struct op *, str value, struct principal *out) MUST_USE;

/* For connections that outlive the request that opened them. The number changes when anything was revoked,
 * here at once, elsewhere within a second; account_stands() then tells whether the session or token behind
 * *who still is one and still has its rights: ERR_UNAUTHENTICATED if not. */
u64 account_revocations(struct op *);
err_t account_stands(struct op *, const struct principal *who) MUST_USE;

/* Projects. Roles are of op->who: an administrator and the system are OWNER everywhere, an auditor VIEWER; a
 * project token has its user's role in its own project and none elsewhere. An unknown project is ROLE_NONE.
 */
enum project_role { ROLE_NONE, ROLE_VIEWER, ROLE_EDITOR, ROLE_OWNER };
extern const char *const project_roles[]; /* "" (none), "viewer", "editor", "owner", NULL */
err_t account_project_role(struct op *, i64 project_id, enum project_role *out) MUST_USE;
/* That role at least. The one way to take a project from a request: else ERR_NOT_FOUND, the same whether it
 * is not there or op->who may not see it, or ERR_FORBIDDEN for who sees it with less; both name field. */
err_t account_project_need(struct op *, i64 project_id, enum project_role least, const char *field) MUST_USE;
err_t account_project_exists(struct op *, i64 project_id, bool *out) MUST_USE;

/* What op->who may do with an entity of any feature: the same answer for every module. The owner is OWNER; a
 * member of its project has the project's role; VISIBLE_NODE gives any signed-in person VIEWER,
 * VISIBLE_PUBLIC anyone, a grant the person that it is for. Outside its project, a project token is any
 * signed-in person, and grants are not for it. */
enum visibility { VISIBLE_PRIVATE, VISIBLE_NODE, VISIBLE_PUBLIC };
extern const char *const visibilities[]; /* "private", "node", "public", NULL */
struct granted {
    const char *entity; /* the feature's word, such as "package"; NULL: of a kind that is not granted */
    i64 id;
    str name; /* what people call it */
};
struct entity {
    enum visibility visibility;
    i64 owner_id, project_id; /* 0: none */
    struct granted granted;
};
err_t account_access(struct op *, const struct entity *, enum project_role *out) MUST_USE;

/* Grants: a private entity shown to a person, or to a unit, which means: to the person whose unit it is, as
 * long as there is that unit. Who may grant is the caller's to check; to grant again changes nothing.
 * Lists of other features read table `grants` (entity, entity_id, user_id). */
struct grant {
    i64 user_id;
    str login;
    uuid unit_id; /* nil: the person as such */
    time_us granted_at;
};
extern const struct desc grant_desc;
err_t account_grant_user(struct op *, const struct granted *, str login, struct grant *out) MUST_USE;
err_t account_grant_unit(struct op *, const struct granted *, uuid unit_id, i64 owner_id,
                         struct grant *out) MUST_USE;
err_t account_grant_end_user(struct op *, const struct granted *, str login) MUST_USE; /* ERR_NOT_FOUND */
err_t account_grant_end_unit(struct op *, const struct granted *, uuid unit_id) MUST_USE;
err_t account_grants(struct op *, const struct granted *, void *list_of_grant) MUST_USE; /* oldest first */
err_t account_grants_drop(struct op *, const struct granted *) MUST_USE; /* the entity is deleted */
err_t account_unit_gone(struct op *, uuid unit_id) MUST_USE;

err_t account_login_of(struct op *, i64 user_id, str *login) MUST_USE; /* ERR_NOT_FOUND */
err_t account_first_admin(struct op *, i64 *user_id) MUST_USE;         /* 0: there is none yet */
/* The person of that login, made without a usable password when there is none (the demo's owner). */
err_t account_user_ensure(struct op *, str login, str display_name, i64 *user_id) MUST_USE;

/* An access token: "nbp_" and 40 characters, told once, kept as its SHA-256. */
struct account_token {
    i64 user_id, project_id; /* 0: a personal token */
    str name, scopes;        /* scopes: names of right.h with blanks between them */
    time_us expires;         /* 0: never */
};
err_t account_token_new(struct op *, const struct account_token *, str *secret) MUST_USE;
/* Removes user_id's tokens of that name (a unit's, when the unit goes); none is fine. */
err_t account_token_drop(struct op *, i64 user_id, str name) MUST_USE;

/* Audit. account_audit is the hook for db_set_hook(): it writes op->note with user, role, address, user agent
 * and request id into the hash chain, inside the operation's own transaction, once an operation. Handlers
 * complete the entry with what they changed; absent members leave it as it is. account_audit_refused is
 * http_options.refused. */
err_t account_audit(struct op *) MUST_USE;
/* What an operation was done to: its kind ("unit", "alert_rule"), the number, uuid or name by which the API
 * knows it, and its name for people (absent: kind and id). Kinds that the page links: AuditTarget.tsx. */
struct audited {
    const char *kind; /* NULL: as it is */
    str id, name;
};
struct audited audited_number(struct op *, const char *kind, i64 id, str name);
struct audited audited_package(str name, str shown); /* shown: with the version, where it is about one */
err_t account_audit_detail(struct op *, struct audited, json_raw before, json_raw after) MUST_USE;
/* The same where there is no state to tell. */
err_t account_audit_target(struct op *, struct audited) MUST_USE;
void account_audit_refused(struct op *, err_t);
/* The JSON of a record by its descriptor, for account_audit_detail(): WRITEONLY members are left out. */
json_raw account_audit_json(struct op *, const struct desc *, const void *record);

/* For http_options.idempotency: answers kept for a day in the database. One that holds a secret is not kept;
 * to ask for it again is ERR_CONFLICT. */
extern const struct http_idempotency account_idempotency;
