/* The JSON reader and its canonical form: what is accepted is UTF-8, has one canonical form, and that form is
 * its own canonical form. */
#include "base/json.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void numbers(struct arena *a, str text)
{
    struct json j = json_reader(a, text), again;
    struct buf b = BUF(a);
    double v, back;
    if (!json_number(&j, &v)) return;
    if (v != strtod(str_z(a, str_sub(text.p, j.p)), NULL)) bug("read %.17g", v);
    json_put_f64(&b, v);
    again = json_reader(a, buf_str(&b));
    if (!json_number(&again, &back) || back != v || !json_end(&again)) bug("wrote %.*s", STR(buf_str(&b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    str text = { (const char *)data, size }, once, twice;
    struct buf b = BUF(&a);
    bool valid = json_valid(text);
    if (valid && !str_utf8_ok(text)) bug("accepted malformed UTF-8");
    bool canonical = json_canonical(&a, text, &once);
    if (canonical && !valid) bug("canonical form of what is not JSON");
    if (canonical && (!json_canonical(&a, once, &twice) || !str_eq(once, twice))) bug("two canonical forms");
    json_put_str(&b, text);
    if (!json_valid(buf_str(&b))) bug("wrote a bad string");
    numbers(&a, text);
    arena_free(&a);
    return 0;
}
