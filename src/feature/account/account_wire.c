#include "feature/account/account_wire.h"
#include "feature/account/account_in.h"

#define D struct auth_login
static const struct field auth_login_fields[] = {
    { F(login), .flags = REQUIRED, .min = 1, .max = 64, .doc = "Login, in any case of its letters." },
    { F(password), .flags = REQUIRED | WRITEONLY, .min = 1, .max = PASSWORD_MOST, .doc = "Password." },
    { F(otp), .flags = WRITEONLY, .min = 6, .max = 6, .doc = "One-time code, where sign-in asks for one." },
};
#undef D
DESC(auth_login);

#define D struct auth_tokens
static const struct field auth_tokens_fields[] = {
    { F(access_token), .flags = READONLY | NULLABLE, .doc = "For the Authorization header." },
    { F(refresh_token), .flags = READONLY | NULLABLE, .doc = "For one call of /api/v1/auth/refresh." },
    { F(token_type), .flags = READONLY,
      .doc = "Bearer; or Cookie, for a request with X-Requested-By: then there are no tokens." },
    { F(expires_in), .flags = READONLY,
      .doc = "Seconds until access_token ends, or until a cookie that is not used does." },
    { F(set_cookie), .flags = READONLY | NULLABLE | HEADER, .doc = "The session, for our own web page." },
};
#undef D
DESC(auth_tokens);

#define D struct auth_refresh
static const struct field auth_refresh_fields[] = {
    { F(refresh_token), .flags = REQUIRED | WRITEONLY, .min = 1, .max = 100,
      .doc = "The newest refresh token." },
};
#undef D
DESC(auth_refresh);

#define D struct token_new
static const struct field token_new_fields[] = {
    { F(name), .flags = REQUIRED, .min = 1, .max = 100, .doc = "What the token is for." },
    { F(scopes), .flags = REQUIRED, .min = 1, .max = 300, .check = scopes_check, .format = "scopes",
      .doc = "What it may do: scopes with blanks between, such as 'package:read unit:read'." },
    { F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "The only project that it opens; null: a personal token." },
    { F(expires_at), .flags = NULLABLE, .doc = "When it ends; null: never." },
};
#undef D
DESC(token_new);

#define D struct token_made
static const struct field token_made_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the token." },
    { F(name), .flags = READONLY, .doc = "What the token is for." },
    { F(scopes), .flags = READONLY, .doc = "What it may do." },
    { F(project_id), .flags = READONLY | NULLABLE, .doc = "The only project that it opens." },
    { F(created_at), .flags = READONLY, .doc = "When it was made." },
    { F(expires_at), .flags = READONLY | NULLABLE, .doc = "When it ends." },
    { F(token), .flags = READONLY, .doc = "The token itself, shown this once." },
};
#undef D
DESC(token_made);

const char *const look_langs[] = { "", "en", "ru", NULL };
const char *const look_themes[] = { "", "auto", "light", "dark", NULL };

#define D struct me
static const struct field me_fields[] = {
    { F(id), .flags = READONLY, .doc = "Number of the person." },
    { F(login), .flags = READONLY, .doc = "Name to sign in with." },
    { F(display_name), .flags = READONLY, .doc = "Name that others see." },
    { F(email), .flags = READONLY | NULLABLE, .doc = "Address, if given." },
    { F_ENUM(role, user_roles), .flags = READONLY, .doc = "What the person may do on this node." },
    { F(totp), .flags = READONLY, .doc = "Whether sign-in asks for a one-time code." },
    { F(rights), .flags = READONLY, .doc = "Scopes of the session or token that asks." },
    { F(created_at), .flags = READONLY, .doc = "When the account was made." },
    { F(last_login_at), .flags = READONLY | NULLABLE, .doc = "Last sign-in." },
    { F_ENUM(lang, look_langs), .flags = READONLY | NULLABLE,
      .doc = "Language of the page; null: as the browser has it." },
    { F_ENUM(theme, look_themes), .flags = READONLY | NULLABLE,
      .doc = "Theme of the page; null: as the browser has it." },
};
#undef D
DESC(me);
