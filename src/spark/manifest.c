#include "spark/manifest.h"
#include "base/fs.h"
#include "base/lang.h"
#include "feature/package/semver.h"
#include "spark/archive_util.h"
#include <errno.h>
#include <sys/stat.h>

bool manifest_name_ok(str name)
{
    if (!name.n || name.n > MANIFEST_NAME_MAX) return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && (!i || (c != '-' && c != '_' && c != '.'))) return false;
    }
    return true;
}

static err_t check_name(struct op *op, const struct field *f, const void *val)
{
    if (manifest_name_ok(*(const str *)val)) return OK;
    return fail_field(op, f->name,
                      TR("must begin with a letter a-z or a digit and go on with a-z 0-9 . _ -",
                         "должно начинаться с буквы a-z или цифры и продолжаться знаками a-z 0-9 . _ -"));
}

static err_t check_version(struct op *op, const struct field *f, const void *val)
{
    struct semver v;
    if (semver_parse(*(const str *)val, &v)) return OK;
    return fail_field(
        op, f->name,
        TR("must be a semantic version such as 1.4.0 or 2.0.0-rc.1, without build metadata",
           "должна быть семантической версией, например 1.4.0 или 2.0.0-rc.1, без метаданных сборки"));
}

static err_t check_path(struct op *op, const struct field *f, const void *val)
{
    const char *fault = archive_path_fault(*(const str *)val, 1024, 48);
    return fault ? fail_field(op, f->name, "%s", fault) : OK;
}

static err_t check_format(struct op *op, const struct field *f, const void *val)
{
    if (*(const i64 *)val == 1) return OK;
    return fail_field(op, f->name,
                      TR("is newer than this program: update it", "новее этой программы: обновите её"));
}

#define D struct manifest_files
static const struct field manifest_files_fields[] = {
    { F_LIST_OF(include, &field_str_elem), .max = 200,
      .doc = "Globs of what to pack; empty: all that is not ignored." },
    { F_LIST_OF(exclude, &field_str_elem), .max = 200, .doc = "Globs of what to leave out." },
    { F_LIST_OF(executable, &field_str_elem), .max = 200, .doc = "Globs of files that get the execute bit." },
};
#undef D
static DESC(manifest_files);

#define D struct manifest_runtime
static const struct field manifest_runtime_fields[] = {
    { F_LIST_OF(os, &field_str_elem), .max = 10, .doc = "Operating systems it runs on: linux." },
    { F_LIST_OF(arch, &field_str_elem), .max = 10, .doc = "Processors it runs on: x86_64, aarch64." },
    { F_LIST_OF(needs, &field_str_elem), .max = 50,
      .doc = "Programs it needs: python>=3.10, ffmpeg; with ? optional." },
};
#undef D
static DESC(manifest_runtime);

#define D struct manifest
static const struct field manifest_fields[] = {
    { F(format), .def = "1", .check = check_format, .doc = "Of this file." },
    { F(name), .flags = REQUIRED, .min = 1, .max = MANIFEST_NAME_MAX, .check = check_name,
      .doc = "Unique name." },
    { F(version), .flags = REQUIRED, .min = 1, .max = SEMVER_MAX, .check = check_version,
      .doc = "Semantic version." },
    { F(display_name), .min = 1, .max = 200, .doc = "Name for people." },
    { F(description), .max = 4000, .doc = "What it does." },
    { F(category), .max = 100, .doc = "Category in the catalogue." },
    { F_LIST_OF(tags, &field_str_elem), .max = 20, .doc = "Words to find it by." },
    { F_LIST_OF(authors, &field_str_elem), .max = 50, .doc = "Who made it." },
    { F(license), .max = 200, .doc = "SPDX expression." },
    { F(repository), .max = 2000, .doc = "Where its source is." },
    { F(homepage), .max = 2000, .doc = "Its page." },
    { F(readme), .min = 1, .max = 1024, .check = check_path, .doc = "File that describes it." },
    { F(changelog), .min = 1, .max = 1024, .check = check_path,
      .doc = "File whose section for this version is published." },
    { F(public), .def = "true", .doc = "Whether everybody may see it." },
    { F(stable), .def = "true", .doc = "Whether `install` without a version may choose it." },
    { F_OBJ(files, &manifest_files_desc), .doc = "What to pack." },
    { F_OBJ(runtime, &manifest_runtime_desc), .doc = "What it needs of the machine." },
    { F_OBJ(entry, &unit_entry_desc), .doc = "How to run it." },
};
#undef D
DESC(manifest);

err_t manifest_parse(struct op *op, str json, struct manifest *out)
{
    *out = (struct manifest){ 0 };
    if (json.n > MANIFEST_MAX)
        return fail(op, ERR_LIMIT, TR("the manifest is larger than %d bytes", "манифест больше %d байт"),
                    MANIFEST_MAX);
    return desc_read(op, &manifest_desc, json, out);
}

void manifest_guess(struct op *op, struct manifest_found *f, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    str text = arena_vprintf(op->arena, fmt, ap);
    va_end(ap);
    str *more = NEWN(op->arena, str, f->guess.n + 1);
    if (f->guess.n) memcpy(more, f->guess.item, f->guess.n * sizeof *more);
    more[f->guess.n] = text;
    f->guess.item = more, f->guess.n++;
}

/* Says in which file the fault is; the field keeps its path, below `prefix`. */
static err_t in_file(struct op *op, err_t e, const char *file, const char *prefix)
{
    if (!e) return OK;
    struct op_error was = op->err;
    if (was.field.n) was.field = arena_printf(op->arena, "%s%.*s", prefix, STR(was.field));
    op->err = was;
    op->err.msg = arena_printf(op->arena, "%s: %s%.*s%s%.*s", file, was.field.n ? "'" : "", STR(was.field),
                               was.field.n ? "' " : "", STR(was.msg));
    return e;
}

static err_t read_optional(struct op *op, const char *dir, const char *file, str *out)
{
    err_t e = fs_read(op, arena_printf(op->arena, "%s/%s", dir, file).p, MANIFEST_MAX, out);
    if (e != ERR_NOT_FOUND) return e;
    op_clear(op);
    *out = (str){ 0 };
    return OK;
}

static err_t read_declared(struct op *op, const char *dir, struct manifest_found *out)
{
    str text;
    TRY(read_optional(op, dir, "spark.json", &text));
    if (text.p) {
        out->file = S("spark.json");
        return in_file(op, manifest_parse(op, text, &out->m), "spark.json", "");
    }
    desc_defaults(&manifest_desc, op->arena, &out->m);
    TRY(read_optional(op, dir, "package.json", &text));
    if (!text.p) return OK;
    str spark;
    err_t e = manifest_of_package_json(op, text, &spark);
    if (e == ERR_NOT_FOUND) {
        op_clear(op);
        return OK;
    }
    if (e) return in_file(op, e, "package.json", "");
    out->file = S("package.json");
    return in_file(op, manifest_parse(op, spark, &out->m), "package.json", "spark.");
}

err_t manifest_find(struct op *op, const char *dir, struct manifest_found *out)
{
    struct stat st;
    *out = (struct manifest_found){ 0 };
    if (stat(dir, &st)) return fail(op, ERR_NOT_FOUND, "'%s': %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return fail(op, ERR_INVALID, TR("'%s' is not a folder", "'%s' — не папка"), dir);
    TRY(read_declared(op, dir, out));
    TRY(manifest_infer(op, dir, out));
    return OK;
}

static str value_text(struct op *op, const struct field *f, const void *record)
{
    struct buf b = BUF(op->arena);
    f->type->write(&b, f, (const char *)record + f->off);
    return buf_str(&b);
}

/* Writes the members of `record` that differ from the defaults; false: none does. */
static bool put_members(struct op *op, struct buf *b, const struct desc *d, const void *record, int indent)
{
    void *plain = arena_alloc(op->arena, d->size);
    desc_defaults(d, op->arena, plain);
    bool any = false;
    for (size_t i = 0; i < d->n; i++) {
        const struct field *f = &d->field[i];
        if (f->flags & INTERNAL) continue;
        struct buf value = BUF(op->arena);
        if (f->type == &type_object) {
            if (!put_members(op, &value, f->sub, (const char *)record + f->off, indent + 2)) continue;
        } else {
            if (str_eq(value_text(op, f, record), value_text(op, f, plain))) continue;
            buf_put(&value, value_text(op, f, record));
        }
        buf_printf(b, "%s\n%*s\"%s\": ", any ? "," : "{", indent + 2, "", f->name);
        buf_put(b, buf_str(&value));
        any = true;
    }
    if (any) buf_printf(b, "\n%*s}", indent, "");
    return any;
}

str manifest_text(struct op *op, const struct manifest *m)
{
    struct buf b = BUF(op->arena);
    put_members(op, &b, &manifest_desc, m, 0);
    buf_char(&b, '\n');
    return buf_str(&b);
}
