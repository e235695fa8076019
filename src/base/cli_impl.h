/* What the files cli*.c share. */
#pragma once
#include "base/cli.h"

/* The commands of one program, in the order of the tables. */
struct cli_program {
    const char *name;
    const struct command **command;
    size_t n;
};
struct cli_program cli_program_of(struct arena *, const char *program, const struct command *const *tables,
                                  const size_t *n, size_t ntables);
const struct command *cli_find(const struct cli_program *, str name); /* NULL: none */
bool cli_is_group(const struct cli_program *, str word);              /* "token" of "token create" */

struct cli_common {
    bool json, quiet, yes, no_color, help, version;
    int lang;
};
extern const struct desc cli_common_desc;

/* One command line being read. */
struct cli_line {
    struct op *op;
    const struct cli_program *program;
    struct cli_common common;
    const struct command *command; /* NULL: none was named */
    void *in;
    u64 given;
    str hint; /* what to do about the error */
};
err_t cli_parse(struct cli_line *, int argc, char **argv); /* argv without the program's name */

bool cli_is_option(const struct field *);
bool cli_is_argument(const struct field *);                /* ARG or REST */
str cli_option_name(struct arena *, const struct field *); /* "is-stable" */
str cli_label(struct arena *, const struct field *);       /* "--is-stable", "NAME" */
const char *cli_doc(const char *en, const char *ru);       /* by language, never NULL */
str cli_nearest(const str *candidate, size_t n, str word); /* the likely meaning of a typo; absent: none */

struct cli_row {
    str left, right;
};
typedef LIST(struct cli_row) cli_rows;
void cli_command_rows(struct arena *, const struct cli_program *, str group, cli_rows *out);
void cli_field_rows(struct arena *, const struct desc *, bool arguments, cli_rows *out);
str cli_usage_line(struct arena *, const struct cli_program *, const struct command *);
void cli_help(struct buf *, const struct cli_program *, str words);
