/* What sign-in and tokens look like on the wire, for the server and for the clients in this program (spark
 * login, the agent). */
#pragma once
#include "base/desc.h"

/* POST /api/v1/auth/login. Without otp for a person who has TOTP: ERR_UNAUTHENTICATED with field "otp". */
struct auth_login {
    str login, password, otp;
};
extern const struct desc auth_login_desc;

/* Answer of login, refresh, register and setup. Our own page (header X-Requested-By) gets no tokens but a
 * cookie; token_type is then "Cookie". */
struct auth_tokens {
    str access_token, refresh_token, token_type;
    i64 expires_in; /* seconds */
    str set_cookie;
};
extern const struct desc auth_tokens_desc;

/* POST /api/v1/auth/refresh and /auth/logout. */
struct auth_refresh {
    str refresh_token;
};
extern const struct desc auth_refresh_desc;

/* POST /api/v1/tokens and its answer; the secret is shown this once. */
struct token_new {
    str name, scopes; /* scopes: names of right.h with blanks between them */
    i64 project_id;
    time_us expires_at;
};
extern const struct desc token_new_desc;
struct token_made {
    i64 id;
    str name, scopes;
    i64 project_id;
    time_us created_at, expires_at;
    str token;
};
extern const struct desc token_made_desc;

/* GET /api/v1/me. */
struct me {
    i64 id;
    str login, display_name, email;
    int role;
    bool totp;
    str rights; /* scopes of this session or token */
    time_us created_at, last_login_at;
    int lang, theme; /* 0: as the browser has it, else look_langs, look_themes */
};
extern const char *const look_langs[], *const look_themes[]; /* "", "en", "ru"; "", "auto", "light", "dark" */
extern const struct desc me_desc;
