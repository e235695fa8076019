/* What the files desc*.c share and nobody else sees. */
#pragma once
#include "base/desc.h"
#include "base/lang.h"

enum { FROM_ELSEWHERE = PATH | QUERY | HEADER };

err_t desc_syntax(struct op *, const struct json *); /* the reader's error as the operation's */
err_t desc_wrong(struct op *, const struct field *, struct json *,
                 const char *want); /* a value of another kind */
/* Puts "name[i]" (i < 0: "name") before the field that the error in op names. */
void desc_prefix(struct op *, str name, i64 i);
size_t desc_item_size(const struct field *list);
err_t desc_count(struct op *, const struct field *, size_t n); /* range of a list */
err_t desc_read_body(struct op *, const struct field *, struct json *, void *record);
bool desc_list_is_null(const void *val);
bool desc_value_is_null(const struct field *, const void *val); /* an object: all bytes are zero */
void desc_write_value(struct buf *, const struct field *, const void *val, bool request);
void desc_schema_range(struct buf *, const struct field *, const char *min, const char *max);
void desc_schema_type(struct buf *, const struct field *,
                      const char *type); /* "type":..., with null if NULLABLE */
