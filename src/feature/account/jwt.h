/* Access tokens of sessions: JSON Web Tokens (RFC 7519) of one kind only, HS256 with a kid. A token says who
 * may be signed in until when; whether the session still lives is the caller's question to the database. */
#pragma once
#include "base/op.h"

enum { JWT_MAX = 1024, JWT_KID_MAX = 64 }; /* bytes of a token, of its kid */

struct jwt_claims {
    i64 sub, sid; /* user and session; text on the wire, as RFC 7519 wants of sub */
    str role, jti;
    i64 iat, exp; /* seconds since 1970 */
};

str jwt_sign(struct arena *, str kid, str secret, const struct jwt_claims *);

/* Finds the secret of a kid; ERR_NOT_FOUND for a kid that is unknown or retired for too long. */
typedef err_t (*jwt_key)(struct op *, str kid, str *secret);
/* ERR_UNAUTHENTICATED for everything that this program did not sign with a key it still has, or that has
 * expired. now_s: seconds since 1970. */
err_t jwt_verify(struct op *, str token, i64 now_s, jwt_key, struct jwt_claims *out) MUST_USE;
