/* Authors' signatures: Ed25519 over name, version and checksum of a package, so that neither a changed
 * archive nor one passed off as another version is taken. Keys are made by `spark key new`; a person's
 * machine remembers which key signed a package first and refuses another one (or none) until told --trust. */
#pragma once
#include "base/desc.h"

struct sign_key {
    str name;
    str public_key, secret_key; /* 32 bytes each, base64 */
    time_us created_at;
};
struct sign_key_list {
    LIST(struct sign_key) keys;
};
extern const struct desc sign_key_desc; /* with the secret: the file */
struct signed_package {
    str name, version, checksum;
};

/* ~/.netbit/spark/keys/NAME.json, mode 0600. ERR_CONFLICT: exists. */
err_t sign_key_new(struct op *, str name, struct sign_key *out) MUST_USE;
err_t sign_key_load(struct op *, str name, struct sign_key *out) MUST_USE;
err_t sign_key_list(struct op *, struct sign_key_list *out) MUST_USE;

err_t sign_package(struct op *, const struct sign_key *, const struct signed_package *,
                   str *signature) MUST_USE;
/* ERR_PRECONDITION: the signature is not that key's for this package. */
err_t sign_verify(struct op *, str public_key, str signature, const struct signed_package *) MUST_USE;

/* Whether `signer` (absent: unsigned) may be taken for that package of that server, given who signed it
 * before. `accept`: the user said so. */
err_t trust_check(struct op *, str server, str package, str signer, bool accept) MUST_USE;
err_t trust_remember(struct op *, str server, str package, str signer) MUST_USE;
