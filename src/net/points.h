/* Points as the protocols of telemetry bring them: read from a request's bytes into columns, one run a
 * series, in the order of first mention. The readers are pure: bytes in, columns out, bounded by the limits
 * below, nothing known of who sends or where the points go. Texts view the input or live in the arena, so
 * both must outlive the points. Times are microseconds since 1970.
 *
 * points_read_json, points_read_binary and points_read_csv refuse a batch as a whole and name the place:
 * "series[3].points[17][1]". The readers of line protocol, remote write and OTLP take what is good and
 * count the rest in .rejected, and tell it in .faults. */
#pragma once
#include "base/op.h"

enum {
    POINTS_MAX = 100000,           /* points of a request */
    POINTS_MAX_BODY = 16 << 20,    /* bytes, inflated */
    POINTS_MAX_NAME = 256,         /* of a series, bytes */
    POINTS_MAX_LABELS = 32,        /* of a series */
    POINTS_MAX_LABEL_NAME = 128,   /* bytes */
    POINTS_MAX_LABEL_VALUE = 1024, /* bytes */
    POINTS_MAX_UNIT = 64,          /* bytes */
    POINTS_MAX_HELP = 1024,        /* bytes */
    POINTS_MAX_TEXT = 4096,        /* bytes of a text value */
    POINTS_MAX_FAULTS = 100,       /* of a request, told one by one; more are only counted */
};

enum points_kind { POINTS_F64, POINTS_I64, POINTS_TEXT, POINTS_KINDS };
struct points_label {
    str name, value;
};
struct points_series {
    str name, unit, help;
    struct points_label *labels;
    u32 nlabels;
    u32 n, cap;
    int kind;
    i64 *t;
    union {
        double *f;
        i64 *i;
        str *s;
    };
};

/* What could not be taken, and why. */
struct points_fault {
    u32 line; /* from 1; 0: it is not told by lines */
    str text; /* the line's beginning, or the series' name */
    str why;
};

struct points {
    struct arena *arena;
    struct points_series *series;
    u32 n, cap;
    u32 total;                /* points of all series */
    u32 max;                  /* most of them; 0: POINTS_MAX */
    i64 now_us;               /* time of points that bring none */
    struct points_label also; /* line protocol: a label of series whose tags lack it; without a value: none */
    u32 *table;               /* of points_find_series(): series + 1 and hash, open addressing */
    u32 table_size;

    bool over;    /* more than max: nothing of it should be stored */
    u32 rejected; /* points, lines where a line could not be read */
    u32 nfaults;
    struct points_fault *faults; /* the first POINTS_MAX_FAULTS, in the order in which they were found */
};

/* Building. */
struct points_series *points_new(struct points *, u32 *index); /* one more, empty */
/* The series of the same name, kind and labels (sorted), or one more that is a copy of it: then *made. Not to
 * be mixed with points_new() in one batch. */
u32 points_find_series(struct points *, const struct points_series *, bool *made);
void points_grow(struct points *, struct points_series *);
static inline void points_room(struct points *b, struct points_series *s)
{
    if (s->n == s->cap) points_grow(b, s);
}
static inline void points_add_f64(struct points *b, struct points_series *s, i64 t, double v)
{
    points_room(b, s);
    s->t[s->n] = t;
    s->f[s->n++] = v;
    b->total++;
}
u64 points_hash(str, u64 with); /* seeded: differs from process to process */
/* Room for n points at least, for readers that know their number. */
void points_reserve(struct points *, struct points_series *, u32 n);
/* Appends from's points, of the same kind, to into's. */
void points_join(struct points *, struct points_series *into, const struct points_series *from);
static inline bool points_full(const struct points *b) { return b->total >= (b->max ? b->max : POINTS_MAX); }
void points_reject(struct points *, u32 n, u32 line, str text, const char *why);
/* Labels sorted by name; names given twice: false. */
bool points_sort_labels(struct points_label *, u32 n);
/* NULL: sound; else what is wrong, for a person, and with which member. */
const char *points_series_fault(const struct points_series *, const char **member);

/* The readers. */
err_t points_read_json(struct op *, struct points *, str body) MUST_USE;
err_t points_read_binary(struct op *, struct points *,
                         str body) MUST_USE; /* may keep columns of the body, which must be writable */
err_t points_read_csv(struct op *, struct points *, str body) MUST_USE; /* faults: "line 3, value" */
/* POINTS_GUESS: each time's own size tells: below 5e9 they are seconds, below 5e12 milliseconds, below 5e15
 * microseconds. */
enum points_precision {
    POINTS_NS,
    POINTS_US,
    POINTS_MS,
    POINTS_S,
    POINTS_MINUTES,
    POINTS_HOURS,
    POINTS_GUESS
};
void points_read_line(struct points *, str body, enum points_precision);
/* Prometheus remote write; version 1 or 2. ERR_INVALID: not that message. */
err_t points_read_prom(struct op *, struct points *, str body, int version) MUST_USE;
enum points_encoding { POINTS_PROTOBUF, POINTS_JSON };
err_t points_read_otlp(struct op *, struct points *, str body, enum points_encoding) MUST_USE;
