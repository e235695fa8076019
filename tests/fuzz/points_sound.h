/* What holds of points however they were read. */
#pragma once
#include "base/log.h"
#include "net/points.h"

static inline void points_sound(const struct points *b)
{
    u32 total = 0, most = (b->max ? b->max : POINTS_MAX) + 1000; /* one line's fields may pass the limit */
    for (u32 i = 0; i < b->n; i++) {
        const struct points_series *s = &b->series[i];
        const char *member;
        if (s->n > s->cap) bug("series %u: %u of %u", i, s->n, s->cap);
        total += s->n;
        if (!s->n) continue;
        if (s->kind < 0 || s->kind >= POINTS_KINDS) bug("series %u: kind %d", i, s->kind);
        if (points_series_fault(s, &member)) bug("series %u: %s", i, points_series_fault(s, &member));
        for (u32 k = 0; s->kind == POINTS_TEXT && k < s->n; k++)
            if (!str_utf8_ok(s->s[k]) || s->s[k].n > POINTS_MAX_TEXT) bug("series %u: text %u", i, k);
    }
    if (total != b->total || total > most) bug("%u points, told %u", total, b->total);
    if ((b->rejected > 0) != (b->nfaults > 0)) bug("%u rejected without a reason", b->rejected);
}
