/* The `spark` command line: packages and units on a person's machine. */
#pragma once
#include "base/cli.h"

extern const struct command spark_commands[]; /* packages, publishing, sign-in */
extern const size_t spark_commands_count;
extern const struct command spark_unit_commands[]; /* units */
extern const size_t spark_unit_commands_count;
