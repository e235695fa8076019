/* Time: microseconds since 1970-01-01T00:00:00Z as an i64 in a type of its own, so that a descriptor and an
 * SQL argument know it from a plain number. Zero means "never". Durations are plain i64 with _us in the name.
 */
#pragma once
#include "base/str.h"

typedef struct time_us {
    i64 us;
} time_us;

#define SEC(n)  ((i64)(n)*1000000)
#define MSEC(n) ((i64)(n)*1000)

time_us time_now(void);
i64 time_mono_us(void); /* monotonic clock, for deadlines and measuring */

enum { TIME_TEXT = 40 };                              /* room that the text forms need */
str time_text(time_us t, char out[static TIME_TEXT]); /* RFC 3339, UTC, "2026-11-20T16:14:00.123456Z" */
str time_text_local(time_us t,
                    char out[static TIME_TEXT]); /* "2026-11-20 19:14:00+03:00" in the user's zone */
bool time_parse(str s, time_us *out)
    MUST_USE; /* RFC 3339 date-time with any offset, 0-9 digits of fraction, years 1970-9999 */
/* A moment as people ask for one: a date-time as above, a date (its beginning, UTC), microseconds since 1970,
 * or from `now` on: "now", "now-90m", "-90m", "+1h". What comes out may lie before 1970. */
bool time_moment(str s, time_us now, time_us *out) MUST_USE;
/* "2h 5m", "3d 4h", "12s", "0.4s": two units at most; for people. */
str duration_text(i64 us, char out[static TIME_TEXT]);
