/* The `spark` command line: packages and units on a person's machine. */
#pragma once
#include "base/cli.h"

extern const struct command spark_commands[];
extern const size_t spark_commands_count;
