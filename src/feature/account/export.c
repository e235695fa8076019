/* Pages are read, written and forgotten one after the other, so an export of any length costs a few hundred
 * KB. */
#include "feature/account/export.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { PAGE = 500 };

static err_t temporary(struct op *op, int *fd)
{
    const char *dir = getenv("TMPDIR");
    *fd = open(dir && *dir ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0) return OK;
    return fail_detail(op, ERR_UNAVAILABLE, "no temporary file: %s", strerror(errno));
}

static err_t put(struct op *op, int fd, struct buf *b)
{
    if (!fs_write_all(fd, buf_str(b)))
        return fail_detail(op, ERR_UNAVAILABLE, "temporary file: %s", strerror(errno));
    b->n = 0;
    return OK;
}

static err_t finish(struct op *op, int *fd, str type, str name, struct http_file *out)
{
    off_t size = lseek(*fd, 0, SEEK_END);
    if (size < 0) return fail_detail(op, ERR_UNAVAILABLE, "temporary file: %s", strerror(errno));
    *out = (struct http_file){ .fd = *fd, .size = size, .content_type = type, .file_name = name };
    *fd = -1;
    return OK;
}

struct entry_list {
    LIST(struct audit_entry) items;
};

/* One page of a walk over audit entries: `next` reads it and moves the walk on. */
struct pages {
    const struct audit_query *query; /* NULL: the entries of user_id */
    i64 user_id, at;
    bool first;
    char between;
};

static err_t read_page(struct op *op, const struct pages *p, struct entry_list *l)
{
    if (p->user_id) return sql_audit_of_user(op, p->user_id, p->at, PAGE, &l->items);
    struct audit_query q = *p->query;
    q.after = p->at;
    q.oldest_first = true;
    q.limit = PAGE;
    return sql_audit_search(op, &q, &l->items);
}

static err_t write_page(struct op *op, int fd, struct pages *p, bool *more)
{
    struct entry_list l;
    struct buf b = BUF(op->arena);
    TRY(read_page(op, p, &l));
    for (size_t i = 0; i < l.items.n; i++) {
        if (!p->first) buf_char(&b, p->between);
        p->first = false;
        desc_write(&b, &audit_entry_desc, &l.items.item[i]);
        p->at = l.items.item[i].id;
    }
    *more = l.items.n == PAGE;
    return put(op, fd, &b);
}

static err_t write_pages(struct op *op, int fd, struct pages *p)
{
    for (bool more = true; more;) {
        struct scratch s;
        TRY(scratch_end(&s, op, write_page(scratch_begin(&s, op), fd, p, &more)));
    }
    return OK;
}

err_t export_audit(struct op *op, const struct audit_query *q, struct http_file *out)
{
    AUTO(fd) int fd = -1;
    struct pages p = { .query = q, .first = true, .between = '\n' };
    struct buf end = BUF(op->arena);
    TRY(temporary(op, &fd));
    TRY(write_pages(op, fd, &p));
    if (!p.first) buf_char(&end, '\n');
    TRY(put(op, fd, &end));
    return finish(op, &fd, S("application/x-ndjson"), S("audit.ndjson"), out);
}

/* What this folder holds of the person. */
static err_t own_part(struct op *op, const struct user *u, struct buf *b)
{
    struct {
        LIST(struct session) sessions;
        LIST(struct token) tokens;
        LIST(struct project) projects;
    } l = { 0 };
    struct project_query mine = { .user_id = u->id, .limit = 10000, .members_only = true };
    TRY(sql_session_list(op, u->id, &l.sessions));
    TRY(sql_token_list(op, u->id, &l.tokens));
    TRY(sql_project_list(op, &mine, &l.projects));
    json_put_key(b, "user");
    desc_write(b, &user_desc, u);
    desc_write_list(b, "sessions", &session_desc, &l.sessions);
    desc_write_list(b, "tokens", &token_desc, &l.tokens);
    desc_write_list(b, "projects", &project_desc, &l.projects);
    return OK;
}

err_t export_person(struct op *op, struct http_file *out)
{
    AUTO(fd) int fd = -1;
    struct user u;
    struct buf b = BUF(op->arena);
    struct pages p = { .user_id = op->who->user_id, .first = true, .between = ',' };
    size_t n;
    const struct feature *const *f = account_features(&n);
    TRY(need_session(op));
    TRY(sql_user_get(op, op->who->user_id, &u));
    TRY(temporary(op, &fd));
    buf_char(&b, '{');
    TRY(own_part(op, &u, &b));
    for (size_t i = 0; i < n; i++) {
        if (!f[i]->export_user) continue;
        json_put_key(&b, f[i]->name);
        TRY(f[i]->export_user(op, u.id, &b));
        TRY(put(op, fd, &b));
        buf_char(&b, ' '); /* json_put_key() looks at the character before it */
    }
    json_put_key(&b, "audit");
    buf_char(&b, '[');
    TRY(put(op, fd, &b));
    TRY(write_pages(op, fd, &p));
    buf_z(&b, "]}\n");
    TRY(put(op, fd, &b));
    str name = arena_printf(op->arena, "netbit-%.*s.json", STR(u.login));
    return finish(op, &fd, S("application/json"), name, out);
}
