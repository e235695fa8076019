/* The descriptors that a document refers to, for its "components": each once, with those inside it. One that
 * answers refer to is described as an answer (with what only the server sets), one that only requests hold as
 * a request. */
#pragma once
#include "base/desc.h"

struct schema_set {
    struct arena *arena;
    struct schema_part {
        const struct desc *desc;
        bool in;
    } * part;
    size_t n, cap;
};
void schema_set_add(struct schema_set *, const struct desc *, bool in);
void schema_set_add_members(struct schema_set *, const struct desc *, bool in); /* but not itself */
void schema_set_write(struct buf *, const struct schema_set *); /* "NAME":{...}, behind a '{' or a member */
/* Two descriptors of one name whose schemas differ: references could not tell them apart. One line a fault;
 * returns their number. */
size_t schema_set_check(struct buf *, const struct schema_set *);
