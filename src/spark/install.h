/* Bringing a package to this machine: ask the registry, download (resuming what broke off), verify checksum
 * and signature, extract into a folder beside the others, switch. Until the last step nothing of the old
 * version is touched. */
#pragma once
#include "base/cli.h"
#include "spark/registry.h"
#include "spark/store.h"

struct install_options {
    str name, version; /* version: exact, a range, or absent for the newest stable */
    str range;         /* to be remembered for updates */
    bool again;        /* fetch it although it is installed */
    bool trust;        /* take another signer, or none */
};
enum install_outcome { INSTALL_DONE, INSTALL_CURRENT };
err_t package_fetch(struct cli *, struct registry *, const struct install_options *, struct installed *out,
                    enum install_outcome *outcome) MUST_USE;

/* "NAME", "NAME@1.2.3", "NAME@^1.2" into its parts. */
err_t install_target(struct op *, str text, str *name, str *version) MUST_USE;

/* Shows bytes of a transfer: for client_progress and the like. ctx is a struct progress, or NULL for silence.
 */
bool show_progress(void *ctx, i64 done, i64 total);
