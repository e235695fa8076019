/* What the files term*.c share. */
#pragma once
#include "base/term.h"

str term_head(str s, size_t width);                         /* as much of s as fits into so many columns */
void term_write(int fd, struct term *, str s);              /* all of it, or term->broken when fd is stdout */
str term_tone_on(const struct term *, bool tty, enum tone); /* escape sequences, empty without colour */
str term_tone_off(const struct term *, bool tty, enum tone);
