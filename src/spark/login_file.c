#include "spark/login_file.h"
#include "base/fs.h"

err_t login_write(struct op *op, const struct login *l)
{
    struct buf b = BUF(op->arena);
    desc_write(&b, &login_desc, l);
    buf_char(&b, '\n');
    TRY(fs_make_dirs(op, spark_path(op, "").p, 0700));
    return fs_replace(op, spark_path(op, "login.json").p, buf_str(&b), 0600);
}
