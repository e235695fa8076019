#include "main/features.h"
#include "agent/agent.h"
#include "feature/account/account.h"
#include "feature/alert/alert.h"
#include "feature/channel/channel.h"
#include "feature/ingest/ingest.h"
#include "feature/log/log.h"
#include "feature/package/package.h"
#include "feature/promql/promql.h"
#include "feature/series/series.h"
#include "feature/unit/unit.h"
#include "main/node.h"
#include "main/program.h"
#include "main/settings.h"
#include "net/asyncapi.h"
#include "net/openapi.h"
#include "spark/spark.h"

/* Order matters twice: migrations run, and features start, from top to bottom. */
/* clang-format off: one a line, so that two people may add one at a time */
const struct feature *const features[] = {
    &node_feature,  &channel_feature, &account_feature, &admin_feature,    &project_feature,
    &audit_feature, &package_feature, &log_feature,     &series_feature,   &ingest_feature,
    &unit_feature,  &alert_feature,   &promql_feature,  &settings_feature,
};
/* clang-format on */
const size_t nfeatures = LEN(features);

struct tables tables_of_features(struct arena *a)
{
    struct tables t = { .n = nfeatures };
    t.routes = NEWN(a, const struct route *, nfeatures);
    t.nroutes = NEWN(a, size_t, nfeatures);
    t.commands = NEWN(a, const struct command *, nfeatures + 4);
    t.ncommands = NEWN(a, size_t, nfeatures + 4);
    for (size_t i = 0; i < nfeatures; i++)
        t.nmigrations += features[i]->nmigrations ? *features[i]->nmigrations : 0;
    t.migrations = NEWN(a, struct migration, t.nmigrations);
    size_t m = 0;
    t.commands[0] = program_commands;
    t.ncommands[0] = nprogram_commands;
    t.commands[1] = agent_commands;
    t.ncommands[1] = agent_ncommands;
    t.commands[2] = spark_commands;
    t.ncommands[2] = spark_commands_count;
    t.commands[3] = spark_unit_commands;
    t.ncommands[3] = spark_unit_commands_count;
    t.ncommand_tables = 4;
    for (size_t i = 0; i < nfeatures; i++) {
        const struct feature *f = features[i];
        t.routes[i] = f->routes;
        t.nroutes[i] = f->nroutes;
        for (size_t k = 0; f->nmigrations && k < *f->nmigrations; k++) t.migrations[m++] = f->migrations[k];
        t.commands[t.ncommand_tables] = f->commands;
        t.ncommands[t.ncommand_tables++] = f->ncommands;
    }
    return t;
}

#define X(id, bit, scope, doc) [bit] = scope,
static const char *const scopes[64] = { RIGHTS(X) };
#undef X

str api_document(struct arena *a)
{
    struct tables t = tables_of_features(a);
    struct openapi_options options = { .version = S(NETBIT_VERSION), .rights = scopes };
    struct buf b = BUF(a);
    openapi_write_with(&b, &options, t.routes, t.nroutes, t.n);
    return buf_str(&b);
}

/* A follower's or another WebSocket's row; the live channel tells of itself. */
static bool is_stream(const struct route *r)
{
    return (r->follow || r->socket) && strcmp(r->path, "/api/v1/live") != 0;
}

static struct async_channel of_route(const struct route *r)
{
    static const struct async_message follows[] = {
        { "event", "A Server-Sent Event, or a line of JSON by Accept." },
    };
    static const struct async_message talks[] = {
        { "in", "A message of the client.", .to_server = true },
        { "out", "A message of the server." },
    };
    return (struct async_channel){ .address = r->path,
                                   .name = r->follow ? r->follow->name : r->socket->name,
                                   .doc = r->doc,
                                   .protocol = r->follow ? "sse" : "ws",
                                   .in = r->follow ? r->follow->in : r->socket->in,
                                   .message = r->follow ? follows : talks,
                                   .nmessages = r->follow ? LEN(follows) : LEN(talks),
                                   .auth = r->auth };
}

str async_document(struct arena *a)
{
    enum { ROOM = 512 };
    struct tables t = tables_of_features(a);
    struct async_channel *channel = NEWN(a, struct async_channel, ROOM);
    size_t n = channel_describe(a, channel, ROOM);
    for (size_t f = 0; f < t.n; f++)
        for (size_t i = 0; i < t.nroutes[f]; i++)
            if (is_stream(&t.routes[f][i]) && n < ROOM) channel[n++] = of_route(&t.routes[f][i]);
    struct buf b = BUF(a);
    asyncapi_write(&b, &(struct asyncapi_options){ S(NETBIT_VERSION), scopes }, channel, n);
    return buf_str(&b);
}
