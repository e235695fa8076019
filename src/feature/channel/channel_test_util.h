/* For the tests of the live channel: a feature with a topic of every kind, and a client. */
#pragma once
#include "feature/account/account.h"
#include "feature/channel/channel_in.h"
#include "tests/unit/world.h"

/* t/{name}/state latest, with a snapshot; t/list latest with keys, for people; t/{name}/events; t/{name}/log;
 * t/{name}/points; t/admin. There is nothing named "hidden". */
extern const struct feature channel_test_feature;
extern atomic_bool closed_to_all;                              /* nobody may listen to what has a name */
void know(void);                                               /* only that feature's topics are known */
void send_numbered(const char *topic, const char *key, int n); /* {"n":n} */
void ask_again(struct op *);                                   /* the job that asks for rights */

/* A client over a WebSocket. What it has heard lives in the world's operation. */
struct ear {
    struct world *w;
    struct wsc *ws;
    str heard[4096]; /* oldest first */
    size_t n, read;
    bool beats, open; /* beats: heart beats are heard, too */
};
struct ear *dial(struct world *, str token); /* has heard hello */
void hang_up(struct ear *);
void tell(struct ear *, const char *fmt, ...) PRINTF(2, 3);
str hear(struct ear *); /* the next message; absent: the server has closed */
str hear_op(struct ear *, const char *op);
str part(struct ear *, str message, const char *path);
i64 number(struct ear *, str message, const char *path);
i64 subscribe(struct ear *, const char *topic); /* its chan */
void quiet(struct ear *);                       /* nothing comes for a while */
