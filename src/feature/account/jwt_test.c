#include "base/enc.h"
#include "base/hash.h"
#include "feature/account/account_in.h"
#include "feature/account/jwt.h"
#include "tests/unit/test.h"

static const char key[] = "a secret of some length", other[] = "another secret";

static err_t find(struct op *op, str kid, str *secret)
{
    if (str_is(kid, "k1")) *secret = S("a secret of some length");
    else if (str_is(kid, "k2")) *secret = S("another secret");
    else return op_fail(op, ERR_NOT_FOUND, HERE, (str){ 0 }, "no such key");
    return OK;
}

static const struct jwt_claims claims = {
    .sub = 7, .sid = 99, .role = { "user", 4 }, .jti = { "abc", 3 }, .iat = 1000, .exp = 1900
};

static str sign(struct op *op, const char *head, const char *body, const char *secret)
{
    str h = base64url_text(op->arena, str_of(head)), b = base64url_text(op->arena, str_of(body));
    str text = arena_printf(op->arena, "%.*s.%.*s", STR(h), STR(b));
    sha256 mac = hmac_sha256(str_of(secret), text);
    str s = base64url_text(op->arena, (str){ (const char *)mac.b, sizeof mac.b });
    return arena_printf(op->arena, "%.*s.%.*s", STR(text), STR(s));
}

#define HEAD "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define BODY "{\"sub\":\"7\",\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"exp\":1900,\"jti\":\"abc\"}"

TEST(jwt_round_trip)
{
    struct jwt_claims c;
    str t = jwt_sign(op->arena, S("k1"), str_of(key), &claims);
    assert_str(t, sign(op, HEAD, BODY, key)); /* byte for byte what RFC 7515 says of these parts */
    assert_ok(op, jwt_verify(op, t, 1899, find, &c));
    assert_int_equal(c.sub, 7);
    assert_int_equal(c.sid, 99);
    assert_str(c.role, S("user"));
    assert_str(c.jti, S("abc"));
    assert_int_equal(c.exp, 1900);
    assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, t, 1900, find, &c));
}

TEST(jwt_refuses_forgeries)
{
    struct jwt_claims c;
    const str bad[] = {
        sign(op, "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"HS512\",\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"hs256\",\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k3\"}", BODY, key),
        sign(op, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k2\"}", BODY, key), /* another key's name */
        sign(op, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", BODY, key),
        sign(op, "{\"alg\":\"HS256\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"HS256\",\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\",\"jku\":\"http://x\"}", BODY, key),
        sign(op, "{\"alg\":1,\"typ\":\"JWT\",\"kid\":\"k1\"}", BODY, key),
        sign(op, "[]", BODY, key),
        sign(op, "", BODY, key),
        sign(op, HEAD, BODY, other),
        sign(op, HEAD, BODY, ""),
        sign(op, HEAD, "{}", key),
        sign(op, HEAD,
             "{\"sub\":7,\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"exp\":1900,\"jti\":\"abc\"}", key),
        sign(op, HEAD,
             "{\"sub\":\"x\",\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"exp\":1900,\"jti\":\"abc\"}",
             key),
        sign(op, HEAD,
             "{\"sub\":\"7\",\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"exp\":\"1900\",\"jti\":\"abc\"}",
             key),
        sign(op, HEAD, "{\"sub\":\"7\",\"role\":\"user\",\"sid\":\"99\",\"iat\":1000,\"jti\":\"abc\"}", key),
        sign(op, HEAD, BODY "x", key),
        S(""),
        S("."),
        S(".."),
        S("..."),
        S("a.b.c"),
        S("a.b"),
        S("a.b.c.d"),
    };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, bad[i], 1500, find, &c));
}

TEST(jwt_every_changed_byte_shows)
{
    struct jwt_claims c;
    str t = jwt_sign(op->arena, S("k1"), str_of(key), &claims);
    for (size_t i = 0; i < t.n; i++) {
        char *copy = str_z(op->arena, t);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        /* The last character of a part carries two bits that no byte has: base64_decode refuses them too. */
        assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, str_of(copy), 1500, find, &c));
        assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, str_head(t, i), 1500, find, &c));
    }
}

TEST(jwt_refuses_huge)
{
    struct jwt_claims c;
    char *p = arena_alloc(op->arena, 1 << 20);
    memset(p, 'A', 1 << 20);
    assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, (str){ p, 1 << 20 }, 1500, find, &c));
    p[10] = p[1000] = '.';
    assert_err(op, ERR_UNAUTHENTICATED, jwt_verify(op, (str){ p, JWT_MAX }, 1500, find, &c));
}

/* RFC 6238, appendix B: SHA-1, eight digits. */
TEST(totp_rfc_6238_vectors)
{
    static const struct {
        i64 at;
        u32 code;
    } v[] = { { 59, 94287082 },         { 1111111109, 7081804 },  { 1111111111, 14050471 },
              { 1234567890, 89005924 }, { 2000000000, 69279037 }, { 20000000000, 65353130 } };
    for (size_t i = 0; i < LEN(v); i++)
        assert_int_equal(totp_code(S("12345678901234567890"), v[i].at / 30, 100000000), v[i].code);
}

TEST(totp_match_allows_one_step)
{
    str secret = base32_text(op->arena, S("12345678901234567890"));
    i64 step = 0;
    assert_true(totp_match(op->arena, secret, S("287082"), (time_us){ SEC(59) }, &step));
    assert_int_equal(step, 1);
    assert_true(totp_match(op->arena, secret, S("287082"), (time_us){ SEC(89) }, &step));
    assert_true(totp_match(op->arena, secret, S("287082"), (time_us){ SEC(15) }, &step));
    assert_false(totp_match(op->arena, secret, S("287082"), (time_us){ SEC(90) }, &step));
    const str bad[] = { S(""), S("28708"), S("2870822"), S("-87082"), S("28708x"), S(" 87082"), S("+87082") };
    for (size_t i = 0; i < LEN(bad); i++)
        assert_false(totp_match(op->arena, secret, bad[i], (time_us){ SEC(59) }, &step));
}
