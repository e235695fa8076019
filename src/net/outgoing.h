/* Requests to addresses that users name (webhooks): an answer's status is all that matters. What a user may
 * name is guarded: only http and https, no redirects, no proxies, and only addresses of the public Internet
 * unless the administrator allows others. The address is checked where the connection is made, so a name that
 * changes its mind after the check does not help. Functions block and are safe on all threads. */
#pragma once
#include "base/op.h"
#include <sys/socket.h>

/* Whether anybody on the Internet could have this address: not loopback, private, link-local, shared,
 * multicast, documentation, or an IPv6 form of such a one. */
bool address_is_public(const struct sockaddr *);

/* A user's URL as it is saved: its grammar, and the addresses that its host has now (a name that nobody knows
 * yet is fine). Fails naming the field. */
err_t outgoing_check(struct op *, const char *field, str url, bool private_too) MUST_USE;

struct outgoing_header {
    const char *name;
    str value;
};
struct outgoing {
    str url, content_type, body;
    const struct outgoing_header *header;
    size_t nheaders;
    bool private_too;
    i64 timeout_us; /* 0: 10 s */
};
/* POST. OK with whatever status came back. ERR_FORBIDDEN: the guard; ERR_UNAVAILABLE: no connection, no
 * answer in time. The message never holds the URL, which may hold a secret. */
err_t outgoing_post(struct op *, const struct outgoing *, int *status) MUST_USE;

/* One letter by SMTP. url: smtp://USER:PASSWORD@HOST:587 (TLS when the server has it) or smtps://; the
 * administrator's, so not guarded. Subject and text are UTF-8. */
struct mail {
    str server_url, from, to, subject, text;
    str id; /* unique, for Message-ID */
};
err_t mail_send(struct op *, const struct mail *) MUST_USE;
bool mail_address_ok(str); /* one plain address, without a display name */
