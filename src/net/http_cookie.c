/* The session of a browser is a cookie, which the browser sends with every request to this host, whoever's
 * page made it ask. So a cookie speaks only where our own page must have asked: SameSite=Strict keeps other
 * sites out, and against other ports of this host (a site, by the browser's rules) stand the page's origin,
 * where the browser tells it, and for everything that changes something a header that only a page of our own
 * origin can add without being asked first (X-Requested-By). */
#include "net/http_cookie.h"
#include "net/http_int.h"

str cookie_find(str header, const char *name)
{
    str out = { 0 };
    for (str rest = header, one; str_next(&rest, ';', &one);) {
        str key, value;
        if (!str_cut(str_trim(one), '=', &key, &value) || !str_is(str_trim(key), name)) continue;
        if (out.p) return (str){ 0 };
        out = str_trim(value);
    }
    return out;
}

err_t cookie_check(struct http_request *r)
{
    struct op *op = &r->op;
    str site = r->header[H_FETCH_SITE]; /* browsers tell it over https and to localhost */
    bool foreign = site.n && !str_is(site, "same-origin") && !str_is(site, "none");
    if (foreign || !request_host_allowed(r))
        return fail(op, ERR_FORBIDDEN, "pages of another origin may not use this session");
    if (r->row->kind == ROW_SOCKET && !r->header[H_ORIGIN].n)
        return fail_for(op, ERR_FORBIDDEN, "origin", "needed where a cookie signs in; programs use a token");
    if (r->method != GET && !r->header[H_REQUESTED_BY].n)
        return fail_for(op, ERR_FORBIDDEN, "x-requested-by", "needed where a cookie signs in");
    return OK;
}
