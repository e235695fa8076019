/* The kinds of topic, by their patterns; sending; listeners inside the program. */
#include "base/log.h"
#include "feature/channel/channel_in.h"
#include "port/db/db.h"

const char *const topic_deliveries[] = { "latest", "events", "lines", "points", NULL };

enum { KINDS_MOST = 256 };
static const struct topic *kinds[KINDS_MOST];
static size_t nkinds;
static void (*border)(str topic, str key, str json);

void channel_know_features(const struct feature *const *features, size_t n)
{
    nkinds = 0;
    for (size_t f = 0; f < n; f++)
        for (size_t i = 0; i < features[f]->ntopics; i++) {
            if (nkinds == KINDS_MOST) bug("more than %d kinds of topic", KINDS_MOST);
            kinds[nkinds++] = &features[f]->topics[i];
        }
}

const struct topic *channel_topic_at(size_t i) { return i < nkinds ? kinds[i] : NULL; }

static bool is_param(str piece) { return piece.n > 2 && piece.p[0] == '{'; }
static str param_name(str piece) { return str_head(str_skip(piece, 1), piece.n - 2); }

static bool matches(const char *pattern, str name)
{
    str rest = str_of(pattern), want, got;
    if (str_ends(name, S("/"))) return false;
    while (str_next(&rest, '/', &want))
        if (!str_next(&name, '/', &got) || !got.n || (!is_param(want) && !str_eq(want, got))) return false;
    return !name.n;
}

str channel_name(struct op *op, str name)
{
    return str_is(name, "me") ? arena_printf(op->arena, "me/%lld", (long long)op->who->user_id) : name;
}

const struct topic *channel_kind(str name)
{
    for (size_t i = 0; i < nkinds; i++)
        if (matches(kinds[i]->pattern, name)) return kinds[i];
    return NULL;
}

err_t channel_bind(struct op *op, const struct topic *kind, str name, void **in)
{
    const struct desc *d = kind->in ? kind->in : &nothing_desc;
    str rest = str_of(kind->pattern), want, got;
    *in = arena_alloc(op->arena, d->size);
    desc_defaults(d, op->arena, *in);
    for (; str_next(&rest, '/', &want) && str_next(&name, '/', &got);) {
        if (!is_param(want)) continue;
        const struct field *f = desc_field(d, param_name(want));
        err_t e = desc_bind(op, f, got, *in);
        if (e) {
            op->err.field = S("topic");
            return e;
        }
    }
    return OK;
}

err_t channel_allow(struct op *op, const struct topic *kind, str name, void **in)
{
    TRY(channel_bind(op, kind, name, in));
    u64 need = kind->auth & ~RIGHT_PUBLIC;
    if ((op->who->rights & need) != need)
        return op->who->kind == WHO_NOBODY ? fail(op, ERR_UNAUTHENTICATED, "this topic needs a token")
                                           : fail(op, ERR_FORBIDDEN, "your rights do not include this topic");
    return kind->may ? kind->may(op, *in) : OK;
}

/* Faults. */

static size_t check_pattern(struct buf *out, const struct topic *t)
{
    const struct desc *d = t->in ? t->in : &nothing_desc;
    str rest = str_of(t->pattern), piece;
    size_t faults = 0;
    while (str_next(&rest, '/', &piece)) {
        if (!is_param(piece) || (desc_field(d, param_name(piece)))) continue;
        buf_printf(out, "topic %s: in has no field for %.*s\n", t->pattern, STR(piece));
        faults++;
    }
    return faults;
}

static size_t check_one(struct buf *out, const struct topic *t)
{
    const struct {
        bool bad;
        const char *what;
    } all[] = {
        { !t->auth, "no .auth" },
        { !t->doc || !*t->doc, "no .doc" },
        { !t->event && t->delivery != TOPIC_POINTS, "no .event" },
        { t->delivery == TOPIC_POINTS && t->snapshot, "points have .past, not .snapshot" },
        { t->delivery == TOPIC_POINTS && (!t->about || !t->past), "points need .about and .past" },
    };
    size_t faults = check_pattern(out, t);
    for (size_t i = 0; i < LEN(all); i++)
        if (all[i].bad) {
            buf_printf(out, "topic %s: %s\n", t->pattern, all[i].what);
            faults++;
        }
    return faults;
}

size_t channel_faults(struct buf *out)
{
    size_t faults = 0;
    for (size_t i = 0; i < nkinds; i++) {
        faults += check_one(out, kinds[i]);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(kinds[i]->pattern, kinds[k]->pattern)) {
                buf_printf(out, "topic %s stands there twice\n", kinds[i]->pattern);
                faults++;
            }
    }
    return faults;
}

/* Sending. */

void channel_arrive(str topic, str key, str json) { topic_publish(topic, key, json); }

void channel_set_border(void (*fn)(str topic, str key, str json)) { border = fn; }

void channel_send(str topic, str key, str json)
{
    topic_publish(topic, key, json);
    if (border) border(topic, key, json);
}

struct later {
    str topic, key, json;
};
static void send_now(void *arg)
{
    struct later *l = arg;
    channel_send(l->topic, l->key, l->json);
}

void channel_send_after(struct op *op, str topic, str key, str json)
{
    struct later *l = NEW(op->arena, struct later);
    *l = (struct later){ str_copy(op->arena, topic), str_copy(op->arena, key), str_copy(op->arena, json) };
    db_after_commit(op, send_now, l);
}

bool channel_wanted(str topic) { return border || topic_wanted(topic); }

void channel_points(str topic, const i64 *t, const double *v, size_t n) { topic_points(topic, t, v, n); }

/* Listeners inside the program. */

struct channel_listener {
    struct client client;
    void (*fn)(void *ctx, str topic, u64 seq, str json);
    void *ctx;
};
#define LISTENER(c) CONTAINER_OF(c, struct channel_listener, client)

static bool on_event(struct client *c, struct sub *s, const struct event *e)
{
    LISTENER(c)->fn(LISTENER(c)->ctx, s->topic->name, e->seq, e->data);
    return true;
}
static bool on_gap(struct client *c UNUSED, struct sub *s UNUSED, u64 seq UNUSED, u64 dropped UNUSED)
{
    return true;
}
static void on_release(struct client *c) { mem_free(LISTENER(c)); }

struct channel_listener *channel_listen(str topic, void (*fn)(void *ctx, str topic, u64 seq, str json),
                                        void *ctx)
{
    static const struct client_ops ops = { .event = on_event, .gap = on_gap, .release = on_release };
    const struct topic *kind = channel_kind(topic);
    enum sub_begin how;
    if (!kind || kind->delivery == TOPIC_POINTS) return NULL;
    struct channel_listener *l = MEM_NEW(struct channel_listener);
    l->fn = fn;
    l->ctx = ctx;
    client_init(&l->client, &ops, &(struct op){ .who = &principal_system });
    sub_release(sub_begin(&l->client, &(struct sub_new){ .kind = kind, .name = topic }, &how));
    return l;
}

void channel_unlisten(struct channel_listener *l)
{
    client_end(&l->client);
    client_unref(&l->client);
}
