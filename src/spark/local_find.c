#include "spark/local_find.h"
#include "base/lang.h"

err_t local_list(struct op *op, struct local_answer *out, bool *agent)
{
    AUTO(agent_conn) struct agent_conn c = { .fd = -1 };
    struct local_request q = { .op = LOCAL_LIST };
    err_t e = agent_connect(op, AGENT_MUST_RUN, &c);
    *agent = !e;
    if (!e) return agent_call(&c, op, &q, out);
    if (e != ERR_UNAVAILABLE) return e;
    op_clear(op);
    return agent_units_on_disk(op, out);
}

static err_t ambiguous(struct op *op, const struct local_answer *all, str text)
{
    struct buf b = BUF(op->arena);
    char id[UUID_TEXT];
    for (size_t i = 0; i < all->units.n; i++) {
        const struct local_unit *u = &all->units.item[i];
        str full = uuid_text(u->unit_id, id);
        if (str_eq(u->name, text) || str_starts(full, text))
            buf_printf(&b, "%s%.*s (%.*s)", b.n ? ", " : "", STR(full), STR(u->name));
    }
    return fail(op, ERR_CONFLICT,
                TR("'%.*s' fits several units: %.*s", "'%.*s' подходит нескольким юнитам: %.*s"), STR(text),
                STR(buf_str(&b)));
}

err_t local_pick(struct op *op, const struct local_answer *all, str text, const struct local_unit **out)
{
    size_t named = 0, begun = 0;
    const struct local_unit *by_name = NULL, *by_id = NULL;
    char id[UUID_TEXT];
    for (size_t i = 0; i < all->units.n; i++) {
        const struct local_unit *u = &all->units.item[i];
        if (str_eq(u->name, text)) by_name = u, named++;
        if (text.n && str_starts(uuid_text(u->unit_id, id), text)) by_id = u, begun++;
    }
    if (named > 1 || (!named && begun > 1)) return ambiguous(op, all, text);
    *out = named ? by_name : by_id;
    if (*out) return OK;
    return fail(op, ERR_NOT_FOUND,
                TR("there is no unit '%.*s' on this machine", "на этой машине нет юнита '%.*s'"), STR(text));
}

err_t local_find(struct op *op, str text, struct local_unit *out)
{
    struct local_answer all = { 0 };
    const struct local_unit *found;
    bool agent;
    TRY(local_list(op, &all, &agent));
    TRY(local_pick(op, &all, text, &found));
    *out = *found;
    return OK;
}
