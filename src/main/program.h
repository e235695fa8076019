/* Commands of the program itself: serve, migrate, openapi, man, completion, version. */
#pragma once
#include "base/cli.h"

extern const struct command program_commands[];
extern const size_t nprogram_commands;
