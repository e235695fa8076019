/* The API of one's own account: sign-in, sessions, profile, one-time codes, access tokens. */
#include "feature/account/account_in.h"
#include "feature/account/export.h"
#include "net/http.h"

API(auth_login, auth_login, auth_tokens);
static err_t auth_login(struct op *op, const struct auth_login *in, struct auth_tokens *out)
{
    return session_sign_in(op, in, out);
}

API(auth_refresh, auth_refresh, auth_tokens);
static err_t auth_refresh(struct op *op, const struct auth_refresh *in, struct auth_tokens *out)
{
    return session_refresh(op, in->refresh_token, out);
}

struct auth_logout {
    str refresh_token;
};
#define D struct auth_logout
static const struct field auth_logout_fields[] = {
    { F(refresh_token), .flags = WRITEONLY, .min = 1, .max = 100,
      .doc = "Of the session that ends; not needed when header or cookie are the session's." },
};
#undef D
static DESC(auth_logout);
struct auth_end {
    str set_cookie;
};
#define D struct auth_end
static const struct field auth_end_fields[] = {
    { F(set_cookie), .flags = READONLY | NULLABLE | HEADER, .doc = "Removes the session of our own page." },
};
#undef D
static DESC(auth_end);
API(auth_logout, auth_logout, auth_end);
static err_t auth_logout(struct op *op, const struct auth_logout *in, struct auth_end *out)
{
    if (op->who->page) {
        out->set_cookie = session_cookie(op, (str){ 0 });
        if (!op->who->session_id && !in->refresh_token.n) return OK; /* over already */
    }
    return session_end(op, in->refresh_token);
}

#define LOGIN_FIELD \
    F(login), .flags = REQUIRED, .min = 2, .max = 64, .check = login_check, .format = "login", \
              .doc = "Name to sign in with: letters, digits and . _ @ + -"
#define PASSWORD_FIELD(m) \
    F(m), .flags = REQUIRED | WRITEONLY, .min = PASSWORD_LEAST, .max = PASSWORD_MOST, .doc = "Password."
#define EMAIL_FIELD \
    F(email), .flags = NULLABLE, .min = 3, .max = 254, .check = email_check, .format = "email", \
              .doc = "Address."

#define D struct user_new
static const struct field user_new_fields[] = {
    { LOGIN_FIELD },
    { PASSWORD_FIELD(password) },
    { F(display_name), .flags = NULLABLE, .min = 1, .max = 100,
      .doc = "Name that others see; default: the login." },
    { EMAIL_FIELD },
    { F(invite), .flags = NULLABLE | WRITEONLY, .min = 1, .max = 100,
      .doc = "Invite, where the node asks for one." },
};
#undef D
static DESC(user_new);
API(auth_register, user_new, auth_tokens);
static err_t auth_register(struct op *op, const struct user_new *in, struct auth_tokens *out)
{
    return user_register(op, in, out);
}

struct auth_setup {
    str token, login, password, display_name;
};
#define D struct auth_setup
static const struct field auth_setup_fields[] = {
    { F(token), .flags = REQUIRED | WRITEONLY, .min = 1, .max = 100, .doc = "From the link on the console." },
    { LOGIN_FIELD },
    { PASSWORD_FIELD(password) },
    { F(display_name), .flags = NULLABLE, .min = 1, .max = 100,
      .doc = "Name that others see; default: the login." },
};
#undef D
static DESC(auth_setup);
API(auth_setup, auth_setup, auth_tokens);
static err_t auth_setup(struct op *op, const struct auth_setup *in, struct auth_tokens *out)
{
    struct user_new u = { .login = in->login, .password = in->password, .display_name = in->display_name };
    return user_setup(op, in->token, &u, out);
}

struct auth_reset {
    str token, password;
};
#define D struct auth_reset
static const struct field auth_reset_fields[] = {
    { F(token), .flags = REQUIRED | WRITEONLY, .min = 1, .max = 100,
      .doc = "From the administrator's link." },
    { PASSWORD_FIELD(password) },
};
#undef D
static DESC(auth_reset);
API(auth_reset, auth_reset, nothing);
static err_t auth_reset(struct op *op, const struct auth_reset *in, struct nothing *out)
{
    (void)out;
    return user_reset(op, in->token, in->password);
}

struct auth_password {
    str current, password;
};
#define D struct auth_password
static const struct field auth_password_fields[] = {
    { F(current), .flags = REQUIRED | WRITEONLY, .min = 1, .max = PASSWORD_MOST,
      .doc = "The present password." },
    { PASSWORD_FIELD(password) },
};
#undef D
static DESC(auth_password);
API(auth_password, auth_password, nothing);
static err_t auth_password(struct op *op, const struct auth_password *in, struct nothing *out)
{
    (void)out;
    return user_password(op, in->current, in->password);
}

static void me_of(struct op *op, const struct user *u, struct me *out)
{
    *out = (struct me){ .id = u->id,
                        .login = u->login,
                        .display_name = u->display_name,
                        .email = u->email,
                        .role = u->role,
                        .totp = u->totp,
                        .rights = rights_scopes(op->arena, op->who->rights),
                        .created_at = u->created_at,
                        .last_login_at = u->last_login_at,
                        .lang = u->lang,
                        .theme = u->theme };
}

API(me_get, nothing, me);
static err_t me_get(struct op *op, const struct nothing *in, struct me *out)
{
    struct user u;
    (void)in;
    TRY(sql_user_get(op, op->who->user_id, &u));
    me_of(op, &u, out);
    return OK;
}

struct me_change {
    str display_name, email;
    int lang, theme;
    struct present given;
};
#define D struct me_change
static const struct field me_change_fields[] = {
    { F(display_name), .min = 1, .max = 100, .doc = "Name that others see." },
    { EMAIL_FIELD },
    { F_ENUM(lang, look_langs), .flags = NULLABLE,
      .doc = "Language of the page; null: as the browser has it." },
    { F_ENUM(theme, look_themes), .flags = NULLABLE,
      .doc = "Theme of the page; null: as the browser has it." },
    { F(given) },
};
#undef D
static DESC(me_change);
API(me_update, me_change, me);
static err_t me_update(struct op *op, const struct me_change *in, struct me *out)
{
    struct user u;
    struct user_change c = { .display_name = in->display_name,
                             .email = in->email,
                             .lang = in->lang,
                             .theme = in->theme,
                             .has_display_name = GIVEN(in, me_change, display_name),
                             .has_email = GIVEN(in, me_change, email),
                             .has_lang = GIVEN(in, me_change, lang),
                             .has_theme = GIVEN(in, me_change, theme) };
    TRY(user_change(op, op->who->user_id, &c, &u));
    me_of(op, &u, out);
    return OK;
}

API(me_delete, nothing, nothing);
static err_t me_delete(struct op *op, const struct nothing *in, struct nothing *out)
{
    (void)in, (void)out;
    TRY(need_session(op));
    return user_remove(op, op->who->user_id);
}

static err_t me_export(struct op *op, const void *in, struct http_file *out)
{
    (void)in;
    return export_person(op, out);
}
static const struct http_download me_export_download = { "me_export", &nothing_desc, me_export,
                                                         "application/json" };

#define D struct totp_secret
static const struct field totp_secret_fields[] = {
    { F(secret), .flags = READONLY, .doc = "For typing into an authenticator, base32." },
    { F(uri), .flags = READONLY, .doc = "The same as an otpauth URI, for a QR code." },
};
#undef D
static DESC(totp_secret);
API(me_totp_begin, nothing, totp_secret);
static err_t me_totp_begin(struct op *op, const struct nothing *in, struct totp_secret *out)
{
    (void)in;
    return totp_begin(op, out);
}

struct totp_code_in {
    str code;
};
#define D struct totp_code_in
static const struct field totp_code_in_fields[] = {
    { F(code), .flags = REQUIRED | WRITEONLY, .min = 1, .max = 16,
      .doc = "The code that the authenticator shows." },
};
#undef D
static DESC(totp_code_in);
API(me_totp_confirm, totp_code_in, nothing);
static err_t me_totp_confirm(struct op *op, const struct totp_code_in *in, struct nothing *out)
{
    (void)out;
    return totp_confirm(op, in->code);
}

struct totp_off {
    str password;
};
#define D struct totp_off
static const struct field totp_off_fields[] = {
    { F(password), .flags = REQUIRED | WRITEONLY, .min = 1, .max = PASSWORD_MOST,
      .doc = "The password again." },
};
#undef D
static DESC(totp_off);
API(me_totp_delete, totp_off, nothing);
static err_t me_totp_delete(struct op *op, const struct totp_off *in, struct nothing *out)
{
    (void)out;
    return totp_remove(op, in->password);
}

struct session_page {
    LIST(struct session) items;
};
#define D struct session_page
static const struct field session_page_fields[] = { { F_LIST(items, &session_desc), .flags = READONLY,
                                                      .doc = "Sessions, newest use first." } };
#undef D
static DESC(session_page);
API(session_list, nothing, session_page);
static err_t session_list(struct op *op, const struct nothing *in, struct session_page *out)
{
    (void)in;
    TRY(sql_session_list(op, op->who->user_id, &out->items));
    for (size_t i = 0; i < out->items.n; i++)
        out->items.item[i].current = out->items.item[i].id == op->who->session_id;
    return OK;
}

API(session_delete, numbered, nothing);
static err_t session_delete(struct op *op, const struct numbered *in, struct nothing *out)
{
    (void)out;
    return session_revoke(op, in->id);
}

struct token_page {
    LIST(struct token) items;
};
#define D struct token_page
static const struct field token_page_fields[] = { { F_LIST(items, &token_desc), .flags = READONLY,
                                                    .doc = "Tokens, oldest first." } };
#undef D
static DESC(token_page);
API(token_list, nothing, token_page);
static err_t token_list(struct op *op, const struct nothing *in, struct token_page *out)
{
    (void)in;
    return sql_token_list(op, op->who->user_id, &out->items);
}

API(token_create, token_new, token_made);
static err_t token_create(struct op *op, const struct token_new *in, struct token_made *out)
{
    return token_make(op, in, out);
}

API(token_delete, numbered, nothing);
static err_t token_delete(struct op *op, const struct numbered *in, struct nothing *out)
{
    (void)out;
    return token_revoke(op, in->id);
}

const struct route account_routes[] = {
    { POST, "/api/v1/auth/login", &auth_login_api, .auth = RIGHT_PUBLIC, .audit = "session.create",
      .flags = ROUTE_SIGN_IN,
      .doc = "Sign in with login and password. With X-Requested-By the session is a cookie." },
    { POST, "/api/v1/auth/refresh", &auth_refresh_api, .auth = RIGHT_PUBLIC, .audit = "session.refresh",
      .flags = ROUTE_SIGN_IN, .doc = "New tokens for a refresh token, which is good for one use." },
    { POST, "/api/v1/auth/register", &auth_register_api, .auth = RIGHT_PUBLIC, .status = 201,
      .audit = "user.create", .flags = ROUTE_SIGN_IN, .doc = "Make an account and sign in." },
    { POST, "/api/v1/auth/setup", &auth_setup_api, .auth = RIGHT_PUBLIC, .status = 201,
      .audit = "user.create", .flags = ROUTE_SIGN_IN,
      .doc = "Make the first administrator with the console's one-time link." },
    { POST, "/api/v1/auth/reset", &auth_reset_api, .auth = RIGHT_PUBLIC, .audit = "user.password",
      .flags = ROUTE_SIGN_IN, .doc = "Set a new password with a one-time link." },
    { POST, "/api/v1/auth/logout", &auth_logout_api, .auth = RIGHT_PUBLIC, .status = 204,
      .audit = "session.delete", .doc = "End a session." },
    { POST, "/api/v1/auth/password", &auth_password_api, .auth = RIGHT_USER, .audit = "user.password",
      .doc = "Change one's password; other sessions end." },
    { GET, "/api/v1/me", &me_get_api, .auth = RIGHT_USER, .doc = "Who asks." },
    { PATCH, "/api/v1/me", &me_update_api, .auth = RIGHT_USER, .audit = "user.update",
      .doc = "Change one's name, address, or how the page looks." },
    { DELETE, "/api/v1/me", &me_delete_api, .auth = RIGHT_USER, .audit = "user.delete",
      .doc = "Delete one's account and everything of one's own." },
    { GET, "/api/v1/me/export", .download = &me_export_download, .auth = RIGHT_USER,
      .doc = "Everything that the node holds of who asks, as JSON." },
    { POST, "/api/v1/me/totp", &me_totp_begin_api, .auth = RIGHT_USER, .audit = "totp.begin",
      .doc = "Begin with one-time codes: a secret for the authenticator." },
    { POST, "/api/v1/me/totp/confirm", &me_totp_confirm_api, .auth = RIGHT_USER, .audit = "totp.on",
      .doc = "Turn one-time codes on by showing the first one." },
    { POST, "/api/v1/me/totp/remove", &me_totp_delete_api, .auth = RIGHT_USER, .audit = "totp.off",
      .doc = "Turn one-time codes off." },
    { GET, "/api/v1/sessions", &session_list_api, .auth = RIGHT_USER, .doc = "Where one is signed in." },
    { DELETE, "/api/v1/sessions/{id}", &session_delete_api, .auth = RIGHT_USER, .audit = "session.delete",
      .doc = "End one of one's sessions." },
    { GET, "/api/v1/tokens", &token_list_api, .auth = RIGHT_USER, .doc = "One's access tokens." },
    { POST, "/api/v1/tokens", &token_create_api, .auth = RIGHT_USER, .status = 201, .audit = "token.create",
      .doc = "Make an access token for a program." },
    { DELETE, "/api/v1/tokens/{id}", &token_delete_api, .auth = RIGHT_USER, .audit = "token.delete",
      .doc = "Revoke an access token." },
};
