/* Answers: made from errors, records, files or shared bytes, and sent. Private to net. */
#pragma once
#include "net/http_int.h"

/* http_answer.c */
void answer_header(struct http_request *, const char *name, const char *value); /* value must stay */
void answer_reply(struct http_request *, const struct http_reply *);
void answer_problem(struct http_request *); /* from op.err */
void answer_fail(struct http_request *, err_t, const char *field, const char *fmt, ...) PRINTF(4, 5);
void answer_json(struct http_request *, int status, const struct desc *, const void *val);
bool answer_send(struct http_request *); /* on the connection's thread */
void answer_build(struct http_request *);
void answer_drop(struct http_request *); /* forgets an answer that was not sent */
bool etag_matches(str if_none_match, str etag);

/* http_bind.c */
/* What an answer is packed with: of those in `have` (bits 1 << coding) what Accept-Encoding likes best. A
 * client that names nothing gets the bytes as they are. */
enum coding { CODING_IDENTITY, CODING_GZIP, CODING_ZSTD, CODING__COUNT };
extern const char *const codings[CODING__COUNT];
enum coding coding_for(str accept_encoding, unsigned have);

/* http_pack.c */
enum { PACK_LEAST = 4096 };                             /* bytes that are worth it */
str answer_pack(struct arena *, enum coding, str body); /* absent: it would not become smaller */

/* http_shared.c */
struct http_shared *shared_new(const str body[static CODING__COUNT], bool owned, const char *etag,
                               const char *type, const char *cache);

/* http_file.c */
void answer_file(struct http_request *, struct http_file *);
struct byte_range {
    i64 first, last;
};
enum range_result { RANGE_NONE, RANGE_ONE, RANGE_BAD };
enum range_result range_parse(str header, i64 size, struct byte_range *out);
