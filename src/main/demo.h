/* The living demo: on an empty node, a project whose packages are really published, installed and run by a
 * local agent, through the same commands that a person types. Its agent and units live under DATA/demo and
 * stop with the server. */
#pragma once
#include "base/op.h"

struct demo;
err_t demo_start(struct op *, str url, struct demo **out) MUST_USE;
void demo_stop(struct demo *); /* NULL is fine */
