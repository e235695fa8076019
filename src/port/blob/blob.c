/* The choice of a blob store by URL, and what is the same for all of them. */
#include "base/log.h"
#include "port/blob/blob_port.h"
#include <errno.h>

static const struct blob_ops *const stores[] = { &blob_dir_ops };

err_t blob_open(struct op *op, str url, struct blob **out)
{
    str scheme, rest;
    if (str_cut(url, ':', &scheme, &rest) && rest.n)
        for (size_t i = 0; i < LEN(stores); i++) {
            if (!str_is(scheme, stores[i]->scheme)) continue;
            struct blob *b = NULL;
            TRY(stores[i]->open(op, rest, &b));
            b->ops = stores[i];
            *out = b;
            return OK;
        }
    return fail(op, ERR_INVALID, "the blob store's URL is not 'dir:FOLDER'");
}

void blob_close(struct blob *b)
{
    if (b) b->ops->close(b);
}

err_t blob_get(struct blob *b, struct op *op, sha256 key, struct blob_source *out)
{
    struct blob_source s = { .fd = -1 };
    TRY(b->ops->get(b, op, key, &s));
    *out = s;
    return OK;
}

err_t blob_has(struct blob *b, struct op *op, sha256 key, bool *out) { return b->ops->has(b, op, key, out); }
err_t blob_delete(struct blob *b, struct op *op, sha256 key) { return b->ops->remove(b, op, key); }

err_t blob_os_error(struct op *op, const char *what, const char *path)
{
    static const int passing[] = { ENOSPC, EDQUOT, EROFS, EIO, EACCES, EPERM, EMFILE, ENFILE, ENOMEM, EFBIG };
    int e = errno;
    err_t code = ERR_INTERNAL;
    for (size_t i = 0; i < LEN(passing); i++)
        if (e == passing[i]) code = ERR_UNAVAILABLE;
    return fail_detail(op, code, "%s '%s': %s", what, path, strerror(e));
}
