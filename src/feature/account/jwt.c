/* Reading order matters: shape, then kid, then signature, and only then the claims, so that nothing but the
 * header is parsed before we know that we wrote it. The algorithm is never taken from the token: a header
 * that names another one than ours is refused, so "none" and key confusion have no way in. */
#include "feature/account/jwt.h"
#include "base/enc.h"
#include "base/hash.h"
#include "base/json.h"

static void put_text(struct buf *b, const char *key, str v)
{
    json_put_key(b, key);
    json_put_str(b, v);
}

static void put_i64(struct buf *b, const char *key, i64 v)
{
    json_put_key(b, key);
    buf_i64(b, v);
}

str jwt_sign(struct arena *a, str kid, str secret, const struct jwt_claims *c)
{
    struct buf head = BUF(a), body = BUF(a), out = BUF(a);
    buf_z(&head, "{\"alg\":\"HS256\",\"typ\":\"JWT\"");
    put_text(&head, "kid", kid);
    buf_char(&head, '}');
    buf_char(&body, '{');
    put_text(&body, "sub", arena_printf(a, "%lld", (long long)c->sub));
    put_text(&body, "role", c->role);
    put_text(&body, "sid", arena_printf(a, "%lld", (long long)c->sid));
    put_i64(&body, "iat", c->iat);
    put_i64(&body, "exp", c->exp);
    put_text(&body, "jti", c->jti);
    buf_char(&body, '}');
    buf_put(&out, base64url_text(a, buf_str(&head)));
    buf_char(&out, '.');
    buf_put(&out, base64url_text(a, buf_str(&body)));
    sha256 sign = hmac_sha256(secret, buf_str(&out));
    buf_char(&out, '.');
    buf_put(&out, base64url_text(a, (str){ (const char *)sign.b, sizeof sign.b }));
    return buf_str(&out);
}

/* Members that both parts may have: a table, so that each is read once and must be there. */
struct part {
    const char *key;
    bool number;
    str text;
    i64 value;
    bool seen;
};

static bool read_parts(struct arena *a, str encoded, struct part *part, size_t n)
{
    str text, key;
    if (!base64url_decode(a, encoded, &text)) return false;
    struct json j = json_reader(a, text);
    if (!json_object(&j)) return false;
    while (json_key(&j, &key)) {
        struct part *p = NULL;
        for (size_t i = 0; i < n; i++)
            if (str_is(key, part[i].key)) p = &part[i];
        if (!p || p->seen) return false;
        p->seen = true;
        if (p->number ? !json_i64(&j, &p->value) : !json_str(&j, &p->text)) return false;
    }
    if (!json_end(&j)) return false;
    for (size_t i = 0; i < n; i++)
        if (!part[i].seen) return false;
    return true;
}

static err_t refuse(struct op *op) { return fail(op, ERR_UNAUTHENTICATED, "the access token is not valid"); }

static err_t check_signature(struct op *op, str signed_text, str signature, str kid, jwt_key key)
{
    str secret, got;
    err_t e = key(op, kid, &secret);
    if (e == ERR_NOT_FOUND) {
        op_clear(op);
        return refuse(op);
    }
    TRY(e);
    sha256 want = hmac_sha256(secret, signed_text);
    if (!base64url_decode(op->arena, signature, &got) || got.n != sizeof want.b ||
        !same_bytes(got.p, want.b, sizeof want.b))
        return refuse(op);
    return OK;
}

static err_t read_claims(struct op *op, str body, i64 now_s, struct jwt_claims *out)
{
    enum { SUB, ROLE, SID, IAT, EXP, JTI };
    struct part p[] = { { "sub" }, { "role" }, { "sid" }, { "iat", true }, { "exp", true }, { "jti" } };
    struct jwt_claims c;
    if (!read_parts(op->arena, body, p, LEN(p)) || !str_to_i64(p[SUB].text, &c.sub) ||
        !str_to_i64(p[SID].text, &c.sid))
        return refuse(op);
    c.role = p[ROLE].text;
    c.jti = p[JTI].text;
    c.iat = p[IAT].value;
    c.exp = p[EXP].value;
    if (now_s >= c.exp) return fail(op, ERR_UNAUTHENTICATED, "the access token has expired");
    *out = c;
    return OK;
}

err_t jwt_verify(struct op *op, str token, i64 now_s, jwt_key key, struct jwt_claims *out)
{
    enum { ALG, TYP, KID };
    struct part p[] = { { "alg" }, { "typ" }, { "kid" } };
    str head, rest, body, signature;
    if (token.n > JWT_MAX || !str_cut(token, '.', &head, &rest) || !str_cut(rest, '.', &body, &signature))
        return refuse(op);
    if (!read_parts(op->arena, head, p, LEN(p)) || !str_is(p[ALG].text, "HS256") ||
        !str_is(p[TYP].text, "JWT") || p[KID].text.n > JWT_KID_MAX)
        return refuse(op);
    str signed_text = str_sub(token.p, body.p + body.n);
    TRY(check_signature(op, signed_text, signature, p[KID].text, key));
    return read_claims(op, body, now_s, out);
}
