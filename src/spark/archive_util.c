#include "spark/archive_util.h"
#include "base/lang.h"
#include <pthread.h>

static locale_t utf8;
static void make_utf8(void) { utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

locale_t archive_locale_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_utf8);
    return utf8 ? uselocale(utf8) : (locale_t)0;
}

void archive_locale_done(locale_t *old)
{
    if (*old) uselocale(*old);
}

static bool has_control(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < 0x20 || s.p[i] == 0x7F) return true;
    return false;
}

const char *archive_path_fault(str path, size_t longest, size_t deepest)
{
    if (!path.n) return TR("has no name", "без имени");
    if (path.n > longest) return TR("has a path that is too long", "имеет слишком длинный путь");
    if (path.p[0] == '/') return TR("has an absolute path", "имеет абсолютный путь");
    if (!str_utf8_ok(path)) return TR("has a name that is not UTF-8", "имеет имя не в UTF-8");
    if (has_control(path)) return TR("has control characters in its name", "имеет управляющие знаки в имени");
    if (path.p[path.n - 1] == '/') return TR("has an empty name in its path", "имеет пустое имя в пути");
    size_t depth = 0;
    for (str rest = path, name; str_next(&rest, '/', &name); depth++) {
        if (!name.n) return TR("has an empty name in its path", "имеет пустое имя в пути");
        if (str_is(name, ".") || str_is(name, ".."))
            return TR("leads out of the package", "выводит за пределы пакета");
        if (name.n > 255) return TR("has a name that is too long", "имеет слишком длинное имя");
    }
    return depth > deepest ? TR("is nested too deep", "вложен слишком глубоко") : NULL;
}

const char *archive_link_fault(str path, str target, size_t longest)
{
    if (!target.n || target.n > longest || has_control(target))
        return TR("is a link without a usable target", "— ссылка без пригодной цели");
    if (target.p[0] == '/') return TR("is a link to an absolute path", "— ссылка на абсолютный путь");
    size_t room = 0;
    for (size_t i = 0; i < path.n; i++) room += path.p[i] == '/';
    bool climbing = true;
    for (str rest = target, name; str_next(&rest, '/', &name);) {
        if (!name.n || str_is(name, ".")) continue;
        if (!str_is(name, "..")) {
            climbing = false;
            continue;
        }
        if (!climbing)
            return TR("is a link that climbs behind a name", "— ссылка, которая поднимается после имени");
        if (!room--) return TR("is a link out of the package", "— ссылка за пределы пакета");
    }
    return NULL;
}
