/* What the server is still to get, on disk: numbered entries in files of a megabyte, each with a checksum. An
 * entry holds records of one unit and says how far its logs are thereby told, so that after a crash telling
 * goes on at the very line. Nothing is sent before it is synced, so a number never means two things.
 *
 * When the spool is full, the oldest telemetry goes first: entries keep their numbers and their changes of
 * status and lose the rest, which is counted. */
#pragma once
#include "agent/shim.h"

enum { SPOOL_SEGMENT_BYTES = 1 << 20, SPOOL_LIMIT_BYTES = 64 << 20 };
struct spool_entry {
    i64 seq;
    uuid unit;
    u64 told[SHIM_LOGS]; /* offsets up to which the unit's logs are told */
    u32 count;           /* records in .telemetry */
    str status;          /* JSON records that are kept always, between commas */
    str telemetry;       /* JSON records, between commas */
};
struct spool;
/* Made in `dir` when there is none, or none that can be read. limit_bytes 0: SPOOL_LIMIT_BYTES. */
err_t spool_open(struct op *, const char *dir, i64 limit_bytes, struct spool **out) MUST_USE;
void spool_close(struct spool *);

err_t spool_add(struct spool *, struct op *, struct spool_entry *) MUST_USE; /* sets .seq */
err_t spool_sync(struct spool *, struct op *) MUST_USE;
/* The first entry behind number `after`; only synced ones. False: there is none. */
bool spool_next(struct spool *, struct arena *, i64 after, struct spool_entry *out);
/* The server has everything up to `seq`. */
err_t spool_acked(struct spool *, struct op *, i64 seq) MUST_USE;
/* The server knows another past than we: what it has not acknowledged is numbered anew from 1. */
err_t spool_renumber(struct spool *, struct op *) MUST_USE;

uuid spool_epoch(const struct spool *);
i64 spool_acked_seq(const struct spool *);
i64 spool_last_seq(const struct spool *);
i64 spool_bytes(const struct spool *);
time_us spool_since(const struct spool *);                                   /* when it was made */
bool spool_told(const struct spool *, uuid unit, u64 out[static SHIM_LOGS]); /* false: nothing of it yet */
void spool_forget(struct spool *, uuid unit);
u64 spool_take_lost(struct spool *, uuid unit); /* records of it that were dropped; then 0 */
