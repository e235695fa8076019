/* The log: one line an entry on stderr. JSON for machines, a readable coloured form on a terminal. Only
 * dispatchers (HTTP, jobs, agent loop) and main log; libraries and features return errors. Thread-safe; never
 * allocates. LOG_INFO("listening", KV("addr", addr), KV("workers", n));      values are str, const char *,
 * integers, double */
#pragma once
#include "base/str.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_OFF };

struct log_value {
    char kind;
    union {
        i64 i;
        double f;
        str s;
    };
};
static inline struct log_value log_i(i64 v) { return (struct log_value){ 'i', .i = v }; }
static inline struct log_value log_u(u64 v) { return (struct log_value){ 'i', .i = (i64)v }; }
static inline struct log_value log_f(double v) { return (struct log_value){ 'f', .f = v }; }
static inline struct log_value log_s(str v) { return (struct log_value){ 's', .s = v }; }
static inline struct log_value log_z(const char *v) { return (struct log_value){ 's', .s = str_of(v) }; }
#define LOG_VALUE(v) \
    _Generic((v), str: log_s, char *: log_z, const char *: log_z, double: log_f, float: log_f, \
    size_t: log_u, unsigned: log_u, default: log_i)(v)

void log_setup(enum log_level least, bool json); /* once, at start */
bool log_level_of(str name, enum log_level *out);
void log_write(enum log_level, const char *module, const char *msg, const struct log_value *kv, size_t n);
extern enum log_level log_least;

#ifndef LOG_MODULE
#define LOG_MODULE __FILE_NAME__
#endif
#define LOG_(level, msg, ...) \
    do { \
        if ((level) >= log_least) \
            log_write((level), LOG_MODULE, (msg), (struct log_value[]){ __VA_ARGS__ }, \
                      sizeof((struct log_value[]){ __VA_ARGS__ }) / sizeof(struct log_value)); \
    } while (0)
#define KV(key, value)      log_z(key), LOG_VALUE(value)
#define LOG_DEBUG(msg, ...) LOG_(LOG_LEVEL_DEBUG, msg, ##__VA_ARGS__)
#define LOG_INFO(msg, ...)  LOG_(LOG_LEVEL_INFO, msg, ##__VA_ARGS__)
#define LOG_WARN(msg, ...)  LOG_(LOG_LEVEL_WARN, msg, ##__VA_ARGS__)
#define LOG_ERROR(msg, ...) LOG_(LOG_LEVEL_ERROR, msg, ##__VA_ARGS__)

/* A broken invariant: logs and aborts, in every build. */
#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
void bug_at(const char *file, int line, const char *fmt, ...) PRINTF(3, 4) NORETURN;
