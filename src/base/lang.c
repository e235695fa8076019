#include "base/lang.h"

enum lang lang_now = LANG_EN;

void lang_setup(void)
{
    static const char *const from[] = { "NETBIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < LEN(from); i++) {
        const char *v = getenv(from[i]);
        if (!v || !*v) continue;
        lang_set(v);
        return;
    }
}

bool lang_set(const char *name)
{
    bool ru = !strncmp(name, "ru", 2);
    lang_now = ru ? LANG_RU : LANG_EN;
    return ru || !strncmp(name, "en", 2);
}

const char *ru_plural(i64 n, const char *one, const char *few, const char *many)
{
    u64 u = n < 0 ? 0 - (u64)n : (u64)n;
    u64 last = u % 10, two = u % 100;
    if (two >= 11 && two <= 14) return many;
    if (last == 1) return one;
    return last >= 2 && last <= 4 ? few : many;
}
