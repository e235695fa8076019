/* Access tokens: any bytes as a token; any bytes as the header or the claims of a token that we signed
 * ourselves, so that what lies behind the signature is reached too. What is accepted must survive signing and
 * reading again. */
#include "base/enc.h"
#include "base/hash.h"
#include "base/log.h"
#include "feature/account/jwt.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const char secret[] = "fuzz";
static err_t find(struct op *op, str kid, str *out)
{
    if (!str_is(kid, "k")) return fail(op, ERR_NOT_FOUND, "no such key");
    *out = str_of(secret);
    return OK;
}

static str sign(struct arena *a, str head, str body)
{
    str h = base64url_text(a, head), b = base64url_text(a, body),
        text = arena_printf(a, "%.*s.%.*s", STR(h), STR(b));
    sha256 mac = hmac_sha256(str_of(secret), text);
    str s = base64url_text(a, (str){ (const char *)mac.b, sizeof mac.b });
    return arena_printf(a, "%.*s.%.*s", STR(text), STR(s));
}

static void check(struct op *op, str token)
{
    struct jwt_claims c, again;
    if (jwt_verify(op, token, 1000, find, &c)) return;
    if (c.exp <= 1000) bug("an expired token was accepted");
    str fresh = jwt_sign(op->arena, S("k"), str_of(secret), &c);
    if (fresh.n > JWT_MAX) return; /* escapes made it longer */
    if (jwt_verify(op, fresh, 1000, find, &again)) bug("our own token was refused");
    if (c.sub != again.sub || c.sid != again.sid || c.exp != again.exp || !str_eq(c.role, again.role) ||
        !str_eq(c.jti, again.jti))
        bug("claims changed");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    str head = S("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k\"}");
    str body =
        S("{\"sub\":\"7\",\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"exp\":1900,\"jti\":\"abc\"}");
    if (!size || size > 4096) return 0;
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    str rest = { (const char *)data + 1, size - 1 };
    switch (data[0]) {
    case 'h': check(&op, sign(&a, rest, body)); break;
    case 'b': check(&op, sign(&a, head, rest)); break;
    default: check(&op, rest);
    }
    arena_free(&a);
    return 0;
}
