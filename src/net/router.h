/* The compiled route table: rows in a tree of path segments. Built once at start, read-only afterwards, so
 * that every thread may search it. Private to net. */
#pragma once
#include "base/meter.h"
#include "net/route.h"

enum { ROUTE_PARAMS = 8, ROUTE_SEGMENTS = 16 };
enum row_kind { ROW_API, ROW_RAW, ROW_UPLOAD, ROW_DOWNLOAD, ROW_FOLLOW, ROW_SOCKET };
/* Bit 0 of .auth (RIGHT_PUBLIC): anyone, signed in or not. */
#define ROUTE_PUBLIC ((u64)1)

/* What a row has answered, by class of status (1xx .. 5xx), and how long it took. */
struct row_stats {
    _Atomic u64 answers[5];
    struct meter took;
};
/* A row as the dispatcher wants it. */
struct row {
    const struct route *route;
    enum row_kind kind;
    const char *name;
    const struct desc *in, *out;
    const struct http_live *live;     /* a ROW_FOLLOW's */
    const struct http_raw *raw;       /* a ROW_RAW's */
    const struct row *follow, *typed; /* an api row's other forms: .follow_too, .raw_too */
    const char *param_name[ROUTE_PARAMS];
    const struct field *param[ROUTE_PARAMS];
    size_t nparams;
    const struct field *body;       /* In's BODY field */
    const struct field *query_rest; /* In's field QUERY_REST */
    bool takes_body, binds_headers, binds_query;
    int status;
    i64 max_body, deadline_us;
    struct row_stats *stats;
};

struct router;
struct router *router_new(struct arena *, const struct route *const *tables, const size_t *n, size_t ntables);

struct route_match {
    const struct row *row;         /* NULL: none for this method */
    const struct row *const *rows; /* by method; NULL: the path is unknown */
    str param[ROUTE_PARAMS];       /* as they stand in the URI, still percent-encoded */
};
/* Literal segments win over {parameters}. The path is undecoded; a bad escape finds nothing. */
void router_find(const struct router *, struct arena *, str path, enum method, struct route_match *out);

void router_each(const struct router *, void (*fn)(void *ctx, const struct row *), void *ctx);

bool row_kind_of(const struct route *, enum row_kind *out); /* false: none or several are set */
const struct desc *route_in(const struct route *);          /* never NULL for a sound row */
const struct desc *route_out(const struct route *);         /* NULL: not JSON */
const char *route_name(const struct route *);
i64 route_max_body(const struct route *);
int route_status(const struct route *);
/* Whether In has members that come from a JSON body. */
bool desc_takes_body(const struct desc *);
bool method_takes_body(enum method);
