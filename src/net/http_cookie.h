/* The session of a browser (http_cookie.c says when a cookie speaks). Private to net. */
#pragma once
#include "base/op.h"

struct http_request;
str cookie_find(str header, const char *name); /* absent: not there, or there twice */
/* Whether the cookie may speak for this request; ERR_FORBIDDEN: another site's page may have sent it. */
err_t cookie_check(struct http_request *) MUST_USE;
