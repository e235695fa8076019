/* Words and macros that every file uses. Includes the C headers whose dangerous functions banned.h then
 * forbids. */
#pragma once
#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define LEN(a)                     (sizeof(a) / sizeof((a)[0]))
#define MUST_USE                   __attribute__((warn_unused_result))
#define PRINTF(f, a)               __attribute__((format(printf, f, a)))
#define UNUSED                     __attribute__((unused))
#define NORETURN                   __attribute__((noreturn))
#define MIN(a, b)                  ((a) < (b) ? (a) : (b))
#define MAX(a, b)                  ((a) > (b) ? (a) : (b))
#define CONTAINER_OF(p, T, member) ((T *)(void *)((char *)(p)-offsetof(T, member)))

/* AUTO(kind): calls kind_done(&variable) when the variable leaves its scope. */
#define AUTO(kind) __attribute__((cleanup(kind##_done), unused))

#define KIB(n) ((i64)(n) << 10)
#define MIB(n) ((i64)(n) << 20)
#define GIB(n) ((i64)(n) << 30)

#include "base/banned.h"
