#include "spark/sign.h"
#include "agent/agent_client.h"
#include "base/enc.h"
#include "base/fs.h"
#include "base/lang.h"
#include "spark/manifest.h"
#include <dirent.h>
#include <openssl/evp.h>

#define D struct sign_key
static const struct field sign_key_fields[] = {
    { F(name), .flags = REQUIRED, .min = 1, .max = 63, .doc = "Name on this machine." },
    { F(public_key), .flags = REQUIRED, .min = 1, .max = 64, .doc = "Ed25519, base64: what others see." },
    { F(secret_key), .flags = REQUIRED, .min = 1, .max = 64,
      .doc = "Ed25519 seed, base64: never leaves this machine." },
    { F(created_at), .flags = REQUIRED, .doc = "When it was made." },
};
#undef D
DESC(sign_key);

struct trust {
    str server, package, signer;
};
#define D struct trust
static const struct field trust_fields[] = {
    { F(server), .flags = REQUIRED, .max = 4096, .doc = "Registry." },
    { F(package), .flags = REQUIRED, .max = 63, .doc = "Package." },
    { F(signer), .flags = REQUIRED, .min = 1, .max = 64, .doc = "Key that signed it." },
};
#undef D
static DESC(trust);
struct trust_list {
    LIST(struct trust) trusted;
};
#define D struct trust_list
static const struct field trust_list_fields[] = {
    { F_LIST(trusted, &trust_desc), .max = 100000, .doc = "Who signs what." },
};
#undef D
static DESC(trust_list);

static void key_done(EVP_PKEY **k) { EVP_PKEY_free(*k); }
static void md_done(EVP_MD_CTX **c) { EVP_MD_CTX_free(*c); }

static const char *key_path(struct op *op, str name)
{
    return spark_path(op, arena_printf(op->arena, "keys/%.*s.json", STR(name)).p).p;
}

err_t sign_key_new(struct op *op, str name, struct sign_key *out)
{
    u8 secret[32], public[32];
    size_t ns = sizeof secret, np = sizeof public;
    if (!manifest_name_ok(name))
        return fail_field(op, "name",
                          TR("must be made of a-z 0-9 . _ -", "должно состоять из a-z 0-9 . _ -"));
    const char *path = key_path(op, name);
    if (fs_exists(path))
        return fail(op, ERR_CONFLICT, TR("key '%.*s' exists already: %s", "ключ '%.*s' уже есть: %s"),
                    STR(name), path);
    AUTO(key) EVP_PKEY *k = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!k || !EVP_PKEY_get_raw_private_key(k, secret, &ns) || !EVP_PKEY_get_raw_public_key(k, public, &np))
        return fail(op, ERR_INTERNAL, TR("cannot make a key", "не удалось создать ключ"));
    *out = (struct sign_key){ str_copy(op->arena, name), base64_text(op->arena, (str){ (char *)public, np }),
                              base64_text(op->arena, (str){ (char *)secret, ns }), time_now() };
    struct buf b = BUF(op->arena);
    desc_write(&b, &sign_key_desc, out);
    buf_char(&b, '\n');
    TRY(fs_make_dirs(op, spark_path(op, "keys").p, 0700));
    return fs_replace(op, path, buf_str(&b), 0600);
}

err_t sign_key_load(struct op *op, str name, struct sign_key *out)
{
    str text;
    if (!manifest_name_ok(name))
        return fail_field(op, "key", TR("must be made of a-z 0-9 . _ -", "должно состоять из a-z 0-9 . _ -"));
    err_t e = fs_read(op, key_path(op, name), 4096, &text);
    if (e == ERR_NOT_FOUND)
        return fail(op, e,
                    TR("there is no key '%.*s': make one with `spark key new %.*s`",
                       "нет ключа '%.*s': создайте его командой `spark key new %.*s`"),
                    STR(name), STR(name));
    if (e) return e;
    return desc_read(op, &sign_key_desc, text, out);
}

err_t sign_key_list(struct op *op, struct sign_key_list *out)
{
    *out = (struct sign_key_list){ 0 };
    DIR *d = opendir(spark_path(op, "keys").p);
    err_t e = OK;
    for (struct dirent *x; d && !e && (x = readdir(d));) {
        str name = str_of(x->d_name);
        if (!str_ends(name, S(".json")) || name.n < 6) continue;
        struct sign_key *more = NEWN(op->arena, struct sign_key, out->keys.n + 1);
        if (out->keys.n) memcpy(more, out->keys.item, out->keys.n * sizeof *more);
        out->keys.item = more;
        e = sign_key_load(op, str_copy(op->arena, str_head(name, name.n - 5)), &more[out->keys.n++]);
    }
    if (d) closedir(d);
    return e;
}

static str message(struct op *op, const struct signed_package *p)
{
    return arena_printf(op->arena, "netbit package\n%.*s\n%.*s\n%.*s\n", STR(p->name), STR(p->version),
                        STR(p->checksum));
}

static bool raw32(struct op *op, str text, str *out)
{
    return base64_decode(op->arena, text, out) && out->n == 32;
}

err_t sign_package(struct op *op, const struct sign_key *key, const struct signed_package *p, str *signature)
{
    str secret, text = message(op, p);
    u8 sig[64];
    size_t n = sizeof sig;
    if (!raw32(op, key->secret_key, &secret))
        return fail(op, ERR_INVALID, TR("key '%.*s' is damaged", "ключ '%.*s' повреждён"), STR(key->name));
    AUTO(key) EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, (const u8 *)secret.p, 32);
    AUTO(md) EVP_MD_CTX *c = EVP_MD_CTX_new();
    if (!k || !c || EVP_DigestSignInit(c, NULL, NULL, NULL, k) != 1 ||
        EVP_DigestSign(c, sig, &n, (const u8 *)text.p, text.n) != 1)
        return fail(op, ERR_INTERNAL, TR("cannot sign with key '%.*s'", "не удалось подписать ключом '%.*s'"),
                    STR(key->name));
    *signature = base64_text(op->arena, (str){ (char *)sig, n });
    return OK;
}

err_t sign_verify(struct op *op, str public_key, str signature, const struct signed_package *p)
{
    str raw, sig, text = message(op, p);
    bool good = false;
    if (raw32(op, public_key, &raw) && base64_decode(op->arena, signature, &sig)) {
        AUTO(key) EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const u8 *)raw.p, 32);
        AUTO(md) EVP_MD_CTX *c = EVP_MD_CTX_new();
        good = k && c && EVP_DigestVerifyInit(c, NULL, NULL, NULL, k) == 1 &&
               EVP_DigestVerify(c, (const u8 *)sig.p, sig.n, (const u8 *)text.p, text.n) == 1;
    }
    if (good) return OK;
    return fail(op, ERR_PRECONDITION,
                TR("the signature of '%.*s' %.*s is not that of key %.*s",
                   "подпись '%.*s' %.*s сделана не ключом %.*s"),
                STR(p->name), STR(p->version), STR(public_key));
}

static err_t read_trust(struct op *op, struct trust_list *out)
{
    str text;
    *out = (struct trust_list){ 0 };
    err_t e = fs_read(op, spark_path(op, "trusted.json").p, MIB(16), &text);
    if (e == ERR_NOT_FOUND) {
        op_clear(op);
        return OK;
    }
    return e ? e : desc_read(op, &trust_list_desc, text, out);
}

static struct trust *find_trust(const struct trust_list *l, str server, str package)
{
    for (size_t i = 0; i < l->trusted.n; i++) {
        struct trust *t = &l->trusted.item[i];
        if (str_eq(t->server, server) && str_eq(t->package, package)) return t;
    }
    return NULL;
}

err_t trust_check(struct op *op, str server, str package, str signer, bool accept)
{
    struct trust_list all;
    TRY(read_trust(op, &all));
    const struct trust *t = find_trust(&all, server, package);
    if (!t || accept || str_eq(t->signer, signer)) return OK;
    if (!signer.n)
        return fail(
            op, ERR_PRECONDITION,
            TR("'%.*s' was signed by %.*s before and this version is not signed (--trust takes it)",
               "'%.*s' раньше подписывался ключом %.*s, а эта версия не подписана (--trust примет её)"),
            STR(package), STR(t->signer));
    return fail(op, ERR_PRECONDITION,
                TR("'%.*s' was signed by %.*s before and is signed by %.*s now (--trust takes it)",
                   "'%.*s' раньше подписывался ключом %.*s, а теперь ключом %.*s (--trust примет его)"),
                STR(package), STR(t->signer), STR(signer));
}

err_t trust_remember(struct op *op, str server, str package, str signer)
{
    struct trust_list all;
    TRY(read_trust(op, &all));
    struct trust *t = find_trust(&all, server, package);
    if (!signer.n || (t && str_eq(t->signer, signer))) return OK;
    if (!t) {
        struct trust *more = NEWN(op->arena, struct trust, all.trusted.n + 1);
        if (all.trusted.n) memcpy(more, all.trusted.item, all.trusted.n * sizeof *more);
        all.trusted.item = more;
        t = &more[all.trusted.n++];
    }
    *t = (struct trust){ server, package, signer };
    struct buf b = BUF(op->arena);
    desc_write(&b, &trust_list_desc, &all);
    buf_char(&b, '\n');
    return fs_replace(op, spark_path(op, "trusted.json").p, buf_str(&b), 0600);
}
