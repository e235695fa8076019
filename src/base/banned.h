/* Functions that do not compile outside base/arena.c: they overflow, depend on the locale, share hidden
 * state, or make memory that no arena owns. A file that must hand memory to a C library defines ALLOW_MALLOC
 * before its first include. */
#pragma once
#define BANNED(f) banned_##f##_see_base_banned_h()

#define strcpy(...)    BANNED(strcpy)
#define strcat(...)    BANNED(strcat)
#define strncpy(...)   BANNED(strncpy)
#define strncat(...)   BANNED(strncat)
#define sprintf(...)   BANNED(sprintf)
#define vsprintf(...)  BANNED(vsprintf)
#define strtok(...)    BANNED(strtok)
#define atoi(...)      BANNED(atoi)
#define atol(...)      BANNED(atol)
#define atof(...)      BANNED(atof)
#define gmtime(...)    BANNED(gmtime)
#define localtime(...) BANNED(localtime)
#define ctime(...)     BANNED(ctime)
#define asctime(...)   BANNED(asctime)
#define rand(...)      BANNED(rand)
#define srand(...)     BANNED(srand)
#define setenv(...)    BANNED(setenv)
#ifndef ALLOW_MALLOC
#define malloc(...)  BANNED(malloc)
#define calloc(...)  BANNED(calloc)
#define realloc(...) BANNED(realloc)
#define free(...)    BANNED(free)
#define strdup(...)  BANNED(strdup)
#define strndup(...) BANNED(strndup)
#endif
