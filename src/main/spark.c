/* `spark`: commands about units are run at once by this small program, which needs none of the libraries that
 * make the big one slow to load (docs/adr/0061); everything else is `netbit` beside it, under the name spark.
 */
#include "spark/spark.h"
#include "base/fs.h"
#include "spark/remote_logs.h"
#include <errno.h>
#include <limits.h>
#include <unistd.h>

static bool is_unit_command(const char *word)
{
    for (size_t i = 0; i < spark_unit_commands_count; i++) {
        str first, rest;
        str_cut(str_of(spark_unit_commands[i].name), ' ', &first, &rest);
        if (str_is(first, word)) return true;
    }
    return false;
}

static int run_netbit(char **argv)
{
    char exe[PATH_MAX], path[PATH_MAX + 8];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe);
    str dir = n > 0 ? fs_dir_name((str){ exe, (size_t)n }) : S(".");
    snprintf(path, sizeof path, "%.*s/netbit", STR(dir));
    argv[0] = (char[]){ "spark" };
    execv(path, argv);
    fprintf(stderr, "spark: %s: %s\n", path, strerror(errno));
    return 1;
}

static char **called;

err_t spark_logs_elsewhere(struct op *op, const struct remote_log *ask UNUSED,
                           bool (*show)(void *ctx, const struct remote_line *) UNUSED, void *ctx UNUSED)
{
    run_netbit(called); /* comes back when there is no netbit beside this program */
    return op->err.code;
}

int main(int argc, char **argv)
{
    called = argv;
    static const struct command *const tables[] = { spark_unit_commands };
    if (argc < 2 || !is_unit_command(argv[1])) return run_netbit(argv);
    lang_setup();
    return cli_main(argc, argv, "spark", tables, &spark_unit_commands_count, LEN(tables), NULL);
}
