/* A spark.json from strangers: what is accepted obeys the rules that the rest of the program relies on, and
 * the text written of it reads back the same. */
#include "base/log.h"
#include "feature/package/semver.h"
#include "spark/archive_util.h"
#include "spark/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = { 0 };
    struct op op = { .arena = &a, .who = &principal_nobody };
    struct manifest m, again;
    struct semver v;
    err_t e = manifest_parse(&op, (str){ (const char *)data, size }, &m);
    if (!e != !op.err.code) bug("the error slot and the answer differ");
    if (e && !op.err.msg.n) bug("an error without a message");
    if (!e) {
        if (!manifest_name_ok(m.name) || !semver_parse(m.version, &v)) bug("bad name or version accepted");
        if (m.readme.n && archive_path_fault(m.readme, 1024, 48)) bug("bad path accepted");
        str text = manifest_text(&op, &m);
        if (manifest_parse(&op, text, &again)) bug("%.*s: %.*s", STR(text), STR(op.err.msg));
        if (!str_eq(manifest_text(&op, &again), text)) bug("two texts of one manifest");
    }
    arena_free(&a);
    return 0;
}
