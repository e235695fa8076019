/* JSON (RFC 8259): a strict pull reader that builds no tree, and writers. The reader accepts exactly valid
 * UTF-8 JSON: no comments, trailing commas, NaN, lone surrogates or second top-level value; nesting at most
 * JSON_DEPTH; numbers of at most JSON_NUMBER_MAX characters that a double can hold (neither infinite nor
 * rounded to zero), because the databases behind us cannot either. Strings without escapes are views of the
 * input; others are unescaped into the arena. struct json j = json_reader(arena, text); if (json_object(&j))
 * while (json_key(&j, &key)) ...read or json_skip() the value... The first error sticks: every later call
 * returns false, json_end() tells. */
#pragma once
#include "base/buf.h"

enum { JSON_DEPTH = 64, JSON_NUMBER_MAX = 1000 };
enum json_kind {
    JSON_NONE,
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
}; /* NONE: end or error */

/* A JSON value kept as text: free-form data that we store and return but do not look into. Absent: s.p ==
 * NULL. */
typedef struct json_raw {
    str s;
} json_raw;

struct json {
    const char *p, *end, *begin;
    struct arena *arena;
    const char *error; /* static text of the first error, or NULL */
    size_t error_at;   /* byte offset of it */
    int depth;
    bool fresh;  /* the container just opened has had no element yet */
    bool answer; /* desc.h: the text is a server's answer, see desc_read_answer() */
};
struct json json_reader(struct arena *, str text);
bool json_fail(struct json *, const char *why); /* for codecs that refuse a value; returns false */

enum json_kind json_peek(struct json *); /* kind of the value that comes next */
bool json_object(struct json *);         /* enters an object */
bool json_key(struct json *,
              str *key); /* next member's key; false at the object's end (which it leaves) or on error */
bool json_array(struct json *); /* enters an array */
bool json_next(struct json *);  /* true: an element comes; false: the array's end (left) or an error */
bool json_str(struct json *, str *out);
bool json_number(struct json *, double *out); /* finite */
bool json_i64(struct json *, i64 *out);       /* integers only: 1, -5, also 1.0 and 1e3; no overflow */
bool json_bool(struct json *, bool *out);
bool json_null(struct json *);
bool json_skip(struct json *);                /* any value, fully checked */
bool json_raw_value(struct json *, str *out); /* any value, checked; *out views its text in the input */
bool json_end(struct json *);                 /* true: no error and nothing but white space is left */
/* What is wrong and where, for people: "unexpected character at byte 17". */
str json_error_text(const struct json *, struct arena *);

bool json_valid(str text); /* one whole well-formed document */

void json_put_str(struct buf *, str s); /* quoted; malformed UTF-8 bytes become U+FFFD */
void json_put_f64(struct buf *,
                  double v); /* shortest text that reads back the same; NaN and infinities: null */
/* The same at a place with so much room; what stands behind it is not defined. Returns the end. */
enum { JSON_F64_ROOM = 40 };
char *json_f64_text(char *to, double);
void json_put_key(struct buf *, const char *key); /* "key": with a comma before it unless it follows '{' */
/* Canonical form for comparing and signing: members sorted by the bytes of their keys, no blanks, strings
 * with the least escapes, numbers as i64 where they are one, else the shortest double. False: not JSON, or a
 * member given twice. */
bool json_canonical(struct arena *, str text, str *out) MUST_USE;
