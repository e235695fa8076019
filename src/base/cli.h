/* The command line: a table of commands whose options and arguments are descriptors (ARG: positional, REST:
 * what follows, others --name). Help, completions and the man page come from the same table. */
#pragma once
#include "base/desc.h"
#include "base/lang.h"
#include "base/term.h"

struct cli {
    struct op *op;
    struct term *term;
    bool json, quiet, yes;
    const char *program;
};
struct command {
    const char *program;   /* "spark", "netbit", "demo-sensor": which name of the binary has it */
    const char *name;      /* "publish"; two words are a subcommand: "token create"; "": the program itself */
    const struct desc *in; /* NULL: nothing but the common options */
    err_t (*run)(struct cli *, const void *in);
    const char *doc, *doc_ru;   /* one line */
    const char *more, *more_ru; /* further text for --help and the man page; NULL: none */
    const char *example;
    bool hidden;
    bool needs_ports; /* opens the node's database and blobs (cli_ports) before run */
    bool any_state;   /* it does so whatever the database lacks */
};
/* Parses, runs, prints the error (a red line and a hint; with --json one object on stderr) and returns the
 * exit code: 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 integrity, 6 conflict, 7 unavailable. An
 * ERR_INVALID that names a field of .in is a usage error wherever it came from. Common options: --json
 * --quiet --yes --no-color
 * --lang --help --version; a command's own option of the same name comes first. `help` is a command of every
 * program. A time may be given as a duration: `--since 15m` is 15 minutes ago. A list option may be repeated.
 * A `struct present given` of .in learns which options were given. */
struct cli_ports {
    err_t (*open)(struct op *, const struct command *); /* sets op->ports */
    void (*close)(struct op *);
};
int cli_main(int argc, char **argv, const char *program, const struct command *const *tables, const size_t *n,
             size_t ntables, const struct cli_ports *);
int cli_exit_code(err_t);
void cli_man(struct buf *, const char *program, const struct command *const *tables, const size_t *n,
             size_t ntables);
/* shell: "bash", "zsh", "fish". */
err_t cli_completion(struct op *, struct buf *, str shell, const char *program,
                     const struct command *const *tables, const size_t *n, size_t ntables) MUST_USE;
/* --json prints the record by its descriptor, else people read a table or key-value page. `columns` ends with
 * NULL and holds "field" or "field|HEADING|ЗАГОЛОВОК"; NULL: all. */
void cli_print_list(struct cli *, const struct desc *, const void *list, const char *const *columns);
void cli_print_record(struct cli *, const struct desc *, const void *record);
