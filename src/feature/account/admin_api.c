/* The administrator's API: people, invites, signing keys. */
#include "feature/account/account_in.h"

struct user_page {
    LIST(struct user) items;
    i64 next_cursor;
};
#define D struct user_page
static const struct field user_page_fields[] = {
    { F_LIST(items, &user_desc), .flags = READONLY, .doc = "People, by number." },
    { F(next_cursor), .flags = READONLY | NULLABLE, .doc = "For the next page; null: this is the last." },
};
#undef D
static DESC(user_page);

API(user_list, page_in, user_page);
static err_t user_list(struct op *op, const struct page_in *in, struct user_page *out)
{
    TRY(sql_user_list(op, in->text, in->cursor, in->limit, &out->items));
    if ((i64)out->items.n == in->limit) out->next_cursor = out->items.item[out->items.n - 1].id;
    return OK;
}

API(user_get, numbered, user);
static err_t user_get(struct op *op, const struct numbered *in, struct user *out)
{
    return sql_user_get(op, in->id, out);
}

struct user_patch {
    i64 id;
    str display_name, email;
    int role;
    bool blocked, totp;
    struct present given;
};
#define D struct user_patch
static const struct field user_patch_fields[] = {
    { F(id), .flags = PATH | REQUIRED, .min = 1, .max = INT64_MAX, .doc = "Number of the person." },
    { F(display_name), .min = 1, .max = 100, .doc = "Name that others see." },
    { F(email), .flags = NULLABLE, .min = 3, .max = 254, .check = email_check, .format = "email",
      .doc = "Address." },
    { F_ENUM(role, user_roles), .doc = "What the person may do on this node." },
    { F(blocked), .doc = "Keeps the person out and ends their sessions." },
    { F(totp), .doc = "false turns one-time codes off, for somebody who lost the authenticator." },
    { F(given) },
};
#undef D
static DESC(user_patch);
API(user_update, user_patch, user);
static err_t user_update(struct op *op, const struct user_patch *in, struct user *out)
{
    struct user_change c = { .display_name = in->display_name,
                             .email = in->email,
                             .role = in->role,
                             .blocked = in->blocked,
                             .totp = in->totp,
                             .has_display_name = GIVEN(in, user_patch, display_name),
                             .has_email = GIVEN(in, user_patch, email),
                             .has_role = GIVEN(in, user_patch, role),
                             .has_blocked = GIVEN(in, user_patch, blocked),
                             .has_totp = GIVEN(in, user_patch, totp) };
    return user_change(op, in->id, &c, out);
}

API(user_delete, numbered, nothing);
static err_t user_delete(struct op *op, const struct numbered *in, struct nothing *out)
{
    (void)out;
    return user_remove(op, in->id);
}

struct reset_link {
    str token, url;
    time_us expires_at;
};
#define D struct reset_link
static const struct field reset_link_fields[] = {
    { F(token), .flags = READONLY, .doc = "For POST /api/v1/auth/reset; good for one use." },
    { F(url), .flags = READONLY, .doc = "Link to hand to the person." },
    { F(expires_at), .flags = READONLY, .doc = "When it ends." },
};
#undef D
static DESC(reset_link);
API(user_reset_create, numbered, reset_link);
static err_t user_reset_create(struct op *op, const struct numbered *in, struct reset_link *out)
{
    TRY(user_reset_link(op, in->id, &out->token, &out->expires_at));
    out->url = arena_printf(op->arena, "%.*s/reset?token=%.*s", STR(account_base_url()), STR(out->token));
    return OK;
}

struct invite_new {
    str note;
    int role;
    i64 days;
};
#define D struct invite_new
static const struct field invite_new_fields[] = {
    { F(note), .flags = NULLABLE, .min = 1, .max = 200, .doc = "Whom it is for." },
    { F_ENUM(role, user_roles), .def = "user", .doc = "Role of who registers with it; not admin." },
    { F(days), .min = 1, .max = 90, .def = "7", .doc = "Days until it ends." },
};
#undef D
static DESC(invite_new);
struct invite_made {
    i64 id;
    str code, note;
    int role;
    time_us expires_at;
};
#define D struct invite_made
static const struct field invite_made_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the invite." },
    { F(code), .flags = READONLY, .doc = "The invite itself, shown this once." },
    { F(note), .flags = READONLY | NULLABLE, .doc = "Whom it is for." },
    { F_ENUM(role, user_roles), .flags = READONLY, .doc = "Role of who registers with it." },
    { F(expires_at), .flags = READONLY, .doc = "When it ends." },
};
#undef D
static DESC(invite_made);
API(invite_create, invite_new, invite_made);
static err_t invite_create(struct op *op, const struct invite_new *in, struct invite_made *out)
{
    struct invite v;
    TRY(invite_make(op, in->note, in->role, in->days, &v, &out->code));
    out->id = v.id;
    out->note = v.note;
    out->role = v.role;
    out->expires_at = v.expires_at;
    return OK;
}

struct invite_page {
    LIST(struct invite) items;
    i64 next_cursor;
};
#define D struct invite_page
static const struct field invite_page_fields[] = {
    { F_LIST(items, &invite_desc), .flags = READONLY, .doc = "Invites, oldest first." },
    { F(next_cursor), .flags = READONLY | NULLABLE, .doc = "For the next page; null: this is the last." },
};
#undef D
static DESC(invite_page);
API(invite_list, page_in, invite_page);
static err_t invite_list(struct op *op, const struct page_in *in, struct invite_page *out)
{
    TRY(sql_invite_list(op, in->text, in->cursor, in->limit, &out->items));
    if ((i64)out->items.n == in->limit) out->next_cursor = out->items.item[out->items.n - 1].id;
    return OK;
}

API(invite_delete, numbered, nothing);
static err_t invite_delete(struct op *op, const struct numbered *in, struct nothing *out)
{
    (void)out;
    return invite_remove(op, in->id);
}

struct key_rotation {
    bool drop_old;
};
#define D struct key_rotation
static const struct field key_rotation_fields[] = {
    { F(drop_old), .def = "false", .doc = "Forget the old keys at once: every session must refresh." },
};
#undef D
static DESC(key_rotation);
struct key_made {
    str kid;
};
#define D struct key_made
static const struct field key_made_fields[] = { { F(kid), .flags = READONLY,
                                                  .doc = "Name of the new key." } };
#undef D
static DESC(key_made);
API(keys_rotate, key_rotation, key_made);
static err_t keys_rotate(struct op *op, const struct key_rotation *in, struct key_made *out)
{
    return key_rotate(op, in->drop_old, &out->kid);
}

static const struct route routes[] = {
    { GET, "/api/v1/users", &user_list_api, .auth = RIGHT_ADMIN, .doc = "People of this node." },
    { GET, "/api/v1/users/{id}", &user_get_api, .auth = RIGHT_ADMIN, .doc = "One person." },
    { PATCH, "/api/v1/users/{id}", &user_update_api, .auth = RIGHT_ADMIN, .audit = "user.update",
      .doc = "Change a person's role, block them, turn their one-time codes off." },
    { DELETE, "/api/v1/users/{id}", &user_delete_api, .auth = RIGHT_ADMIN, .audit = "user.delete",
      .doc = "Delete a person and everything of theirs." },
    { POST, "/api/v1/users/{id}/reset", &user_reset_create_api, .auth = RIGHT_ADMIN, .status = 201,
      .audit = "user.reset_link", .doc = "A one-time link with which the person sets a new password." },
    { GET, "/api/v1/invites", &invite_list_api, .auth = RIGHT_ADMIN, .doc = "Invites." },
    { POST, "/api/v1/invites", &invite_create_api, .auth = RIGHT_ADMIN, .status = 201,
      .audit = "invite.create", .doc = "Make an invite: one person may register with it." },
    { DELETE, "/api/v1/invites/{id}", &invite_delete_api, .auth = RIGHT_ADMIN, .audit = "invite.delete",
      .doc = "Take an invite back." },
    { POST, "/api/v1/keys/rotate", &keys_rotate_api, .auth = RIGHT_ADMIN, .audit = "keys.rotate",
      .doc = "Sign access tokens with a new key from now on." },
};

const struct feature admin_feature = {
    .name = "admin",
    .doc = "The administrator's view of people, invites and keys.",
    .routes = routes,
    .nroutes = LEN(routes),
};
