/* The feature: its routes, and the job that asks again who may. */
#include "base/log.h"
#include "feature/channel/channel_in.h"
#include "feature/channel/hub_count.h"
#include <stdatomic.h>

static const i64 ASK_ALL_US = 60 * 1000000;

/* A database that is away takes no rights. */
static bool may_still(struct op *op, const struct hub_topic *t, struct op_error *why)
{
    void *in;
    err_t e = channel_allow(op, t->kind, t->name, &in);
    *why = op->err;
    op_clear(op);
    return e != ERR_FORBIDDEN && e != ERR_NOT_FOUND && e != ERR_UNAUTHENTICATED;
}

/* What the client listens to, with references: the client may leave meanwhile, and its subscriptions go. */
struct asked {
    u32 chan;
    struct hub_topic *topic;
};
static size_t listens_to(struct op *op, struct client *c, struct asked **out)
{
    size_t n = 0;
    pthread_mutex_lock(&c->lock);
    *out = NEWN(op->arena, struct asked, c->nsubs + 1);
    for (const struct sub *s = c->subs; s; s = s->sibling) {
        topic_ref(s->topic);
        (*out)[n++] = (struct asked){ s->chan, s->topic };
    }
    pthread_mutex_unlock(&c->lock);
    return n;
}

static void ask_subs(struct op *op, struct client *c)
{
    struct asked *all;
    struct op_error why;
    for (size_t i = 0, n = listens_to(op, c, &all); i < n; i++) {
        if (!may_still(op, all[i].topic, &why)) {
            if (c->ops->lost) c->ops->lost(c, all[i].chan, &why);
            sub_end(c, all[i].chan);
        }
        topic_unref(all[i].topic);
    }
}

static void ask(void *unused UNUSED, struct client *c)
{
    AUTO(arena) struct arena a = { 0 };
    struct op op = { .arena = &a, .ports = c->ports, .who = &c->who, .id = S("live") };
    err_t e = c->who.kind == WHO_NOBODY ? OK : account_stands(&op, &c->who);
    op_clear(&op);
    if (e == ERR_UNAUTHENTICATED) {
        c->ops->end(c);
        return;
    }
    pthread_mutex_lock(&c->use);
    if (!e) ask_subs(&op, c);
    pthread_mutex_unlock(&c->use);
}

static err_t ask_again(struct op *op)
{
    static u64 seen;
    static i64 all_us;
    u64 now = account_revocations(op);
    i64 at = time_mono_us();
    if (now == seen && at < all_us) return OK;
    seen = now;
    all_us = at + ASK_ALL_US;
    client_each(ask, NULL);
    return OK;
}

static const struct job channel_jobs[] = {
    { .name = "live_rights",
      .every_us = SEC(1),
      .run = ask_again,
      .every_node = true,
      .doc = "Ends subscriptions and sockets whose rights were revoked." },
};

static const struct route channel_routes[] = {
    { GET, "/api/v1/live", .socket = &channel_socket, .auth = RIGHT_PUBLIC,
      .doc = "The live channel: topics over one WebSocket (docs/live-protocol.md)." },
    { GET, "/api/v1/live/follow", .follow = &channel_follow, .auth = RIGHT_PUBLIC,
      .doc = "Follow one topic of the live channel." },
};

static err_t start(struct op *op)
{
    struct buf faults = BUF(op->arena);
    if (channel_faults(&faults)) return fail(op, ERR_INTERNAL, "%.*s", STR(buf_str(&faults)));
    hub_start();
    channel_watch_series();
    return OK;
}

static err_t metrics(struct op *op UNUSED, struct prom_text *page)
{
    const struct hub_counts *c = &hub_counts;
    prom_gauge(page, "netbit_live_clients", "WebSockets and followers of the live channel.",
               (double)client_count());
    prom_gauge(page, "netbit_live_topics", "Topics that somebody listens to, or did a minute ago.",
               (double)topic_count());
    prom_gauge(page, "netbit_live_subscriptions", "Listeners of them, the program's own included.",
               (double)atomic_load(&c->subs));
    const struct {
        const char *name, *help;
        u64 v;
    } counters[] = {
        { "netbit_live_events_total", "Events handed to listeners, one each.", atomic_load(&c->events) },
        { "netbit_live_frames_total", "Binary frames of points, likewise.", atomic_load(&c->frames) },
        { "netbit_live_bytes_total", "Bytes that the channel has said.", atomic_load(&c->bytes) },
        { "netbit_live_thinned_total", "Events and points left out for slow listeners.",
          atomic_load(&c->thinned) },
        { "netbit_live_resumed_total", "Subscriptions that went on where they were.",
          atomic_load(&c->resumed) },
        { "netbit_live_resyncs_total", "Subscriptions that could not.", atomic_load(&c->resyncs) },
        { "netbit_live_revoked_total", "Subscriptions whose right was taken away.", atomic_load(&c->lost) },
    };
    for (size_t i = 0; i < LEN(counters); i++)
        prom_counter(page, counters[i].name, counters[i].help, (double)counters[i].v);
    return OK;
}

const struct feature channel_feature = {
    .name = "live",
    .doc = "The live channel.",
    .routes = channel_routes,
    .nroutes = LEN(channel_routes),
    .jobs = channel_jobs,
    .njobs = LEN(channel_jobs),
    .topics = channel_topics,
    .ntopics = LEN(channel_topics),
    .start = start,
    .stop = hub_stop,
    .metrics = metrics,
};
