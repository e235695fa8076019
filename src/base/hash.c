#include "base/hash.h"
#include "base/enc.h"
#include "base/log.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

struct hasher {
    EVP_MD_CTX *ctx;
};

static void hasher_free(void *h) { EVP_MD_CTX_free(((struct hasher *)h)->ctx); }

struct hasher *hasher_new(struct arena *a)
{
    struct hasher *h = NEW(a, struct hasher);
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || !EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL)) bug("SHA-256 is not available");
    arena_defer(a, hasher_free, h);
    return h;
}

void hasher_add(struct hasher *h, const void *p, size_t n)
{
    if (n) EVP_DigestUpdate(h->ctx, p, n);
}

sha256 hasher_end(struct hasher *h)
{
    sha256 out;
    if (!EVP_DigestFinal_ex(h->ctx, out.b, NULL) || !EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL))
        bug("SHA-256 failed");
    return out;
}

sha256 sha256_of(str bytes)
{
    sha256 out;
    if (!EVP_Digest(bytes.p ? bytes.p : "", bytes.n, out.b, NULL, EVP_sha256(), NULL)) bug("SHA-256 failed");
    return out;
}

str sha256_text(struct arena *a, sha256 h) { return hex_text(a, h.b, sizeof h.b); }

sha256 hmac_sha256(str key, str msg)
{
    sha256 out;
    unsigned n = sizeof out.b;
    if (!HMAC(EVP_sha256(), key.p, (int)key.n, (const u8 *)msg.p, msg.n, out.b, &n)) bug("HMAC failed");
    return out;
}

bool same_bytes(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }
