/* Embedded files: a shared answer each, made at start. "/" and folders are served by their index.html,
 * "/docs" by docs.html. */
#include "net/http_answer.h"
#include "net/http_int.h"

void static_build(struct http *h)
{
    const struct http_options *o = &h->options;
    h->file = NEWN(&h->arena, struct http_shared *, o->nfiles);
    for (size_t i = 0; i < o->nfiles; i++) {
        const struct static_file *f = &o->files[i];
        str body = { (const char *)f->data, f->size }, packed = { (const char *)f->gzip, f->gzip_size };
        h->file[i] = shared_new(body, packed, false, f->etag, f->content_type,
                                f->immutable ? "public, max-age=31536000, immutable" : "no-cache");
    }
}

void static_free(struct http *h)
{
    for (size_t i = 0; h->file && i < h->options.nfiles; i++) http_shared_unref(h->file[i]);
}

static bool find(const struct http *h, str path, size_t *at)
{
    size_t lo = 0, hi = h->options.nfiles;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        int c = str_cmp(path, str_of(h->options.files[mid].path));
        if (!c) {
            *at = mid;
            return true;
        }
        if (c < 0) hi = mid;
        else lo = mid + 1;
    }
    return false;
}

bool static_answer(struct http_request *r)
{
    size_t i;
    if (!r->http->options.nfiles) return false;
    if (find(r->http, r->path, &i)) return http_answer_shared(r, r->http->file[i]);
    const char *rest = str_ends(r->path, S("/")) ? "index.html" : ".html";
    str page = arena_printf(&r->arena, "%.*s%s", STR(r->path), rest);
    return find(r->http, page, &i) && http_answer_shared(r, r->http->file[i]);
}
