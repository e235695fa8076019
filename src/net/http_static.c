/* Embedded files: a shared answer each, made at start. "/" and folders are served by their index.html,
 * "/docs" by docs.html, and a browser that asks for a page by an address that only the application knows by
 * the application's index.html. */
#include "net/http_answer.h"
#include "net/http_int.h"

void static_build(struct http *h)
{
    const struct http_options *o = &h->options;
    h->file = NEWN(&h->arena, struct http_shared *, o->nfiles);
    for (size_t i = 0; i < o->nfiles; i++) {
        const struct static_file *f = &o->files[i];
        str body[CODING__COUNT] = { { (const char *)f->data, f->size },
                                    { (const char *)f->gzip, f->gzip_size } };
        h->file[i] = shared_new(body, false, f->etag, f->content_type,
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

/* A missing script, picture or API path must stay a 404: only who asks for HTML gets the application, and not
 * below the names that belong to the API and to built files. */
static bool wants_page(const struct http_request *r)
{
    size_t at;
    if (r->method != GET || str_starts(r->path, S("/api/")) || str_starts(r->path, S("/assets/")))
        return false;
    return str_find(r->header[H_ACCEPT], S("text/html"), &at);
}

bool static_answer(struct http_request *r)
{
    size_t i;
    if (!r->http->options.nfiles) return false;
    if (find(r->http, r->path, &i)) return http_answer_shared(r, r->http->file[i]);
    const char *rest = str_ends(r->path, S("/")) ? "index.html" : ".html";
    str page = arena_printf(&r->arena, "%.*s%s", STR(r->path), rest);
    bool found = find(r->http, page, &i) || (wants_page(r) && find(r->http, S("/index.html"), &i));
    return found && http_answer_shared(r, r->http->file[i]);
}
