/* Packages as JSON and rows: what clients send, what they get, what the tables hold. */
#include "feature/package/package_wire.h"
#include "base/enc.h"
#include "feature/package/package_sql.h"

enum { PAGE_MOST = 100, CHANGELOG_MAX = 65536, URL_MAX = 2048 };
#define NAME_PATH    .flags = PATH, .max = PACKAGE_NAME_MAX, .doc = "The package's name."
#define VERSION_PATH .flags = PATH, .max = 128, .doc = "The version."

static err_t url_check(struct op *op, const struct field *f, const void *val)
{
    str url = *(const str *)val;
    bool ok = str_starts(url, S("https://")) || str_starts(url, S("http://"));
    for (size_t i = 0; ok && i < url.n; i++) ok = url.p[i] > ' ' && url.p[i] != 0x7f && url.p[i] != '"';
    return ok ? OK : fail_field(op, f->name, "must be an address that begins with https:// or http://");
}
static err_t checksum_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    bool ok = s.n == 64;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') ||
             (s.p[i] >= 'A' && s.p[i] <= 'F');
    return ok ? OK : fail_field(op, f->name, "must be a SHA-256: 64 hexadecimal digits");
}
static err_t base64_check(struct op *op, const struct field *f, const void *val)
{
    str bytes;
    if (base64_decode(op->arena, *(const str *)val, &bytes)) return OK;
    return fail_field(op, f->name, "must be base64");
}
/* Everything people read is free of control characters but for line ends and tabs. */
static err_t text_check(struct op *op, const struct field *f, const void *val)
{
    str s = *(const str *)val;
    for (size_t i = 0; i < s.n; i++)
        if ((u8)s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
            return fail_field(op, f->name, "has a control character");
    return OK;
}
static err_t display_name_check(struct op *op, const struct field *f, const void *val)
{
    if (!str_trim(*(const str *)val).n) return fail_field(op, f->name, "must not be blank");
    return text_check(op, f, val);
}
static const struct field tag_elem = { "", &type_str, .min = 1, .max = 40, .check = text_check };

/* What the tables hold and clients get. */
#define D struct package
static const struct field package_fields[] = {
    { F(id), .flags = READONLY, .doc = "Assigned by the server." },
    { F(name), .flags = READONLY, .doc = "Unique name, used in addresses and commands." },
    { F(display_name), .flags = READONLY, .doc = "Name for people." },
    { F(description), .flags = READONLY | NULLABLE, .doc = "What it does." },
    { F(author_id), .flags = READONLY, .doc = "Whose package it is." },
    { F(author), .flags = READONLY, .doc = "Login of the author." },
    { F(project_id), .flags = READONLY | NULLABLE, .doc = "Project whose editors may publish versions." },
    { F(repository), .flags = READONLY | NULLABLE, .format = "uri", .doc = "Address of its source." },
    { F(category), .flags = READONLY | NULLABLE, .doc = "Field of use." },
    { F_LIST_OF(tags, &field_str_elem), .flags = READONLY, .max = PACKAGE_TAGS_MAX, .doc = "Key words." },
    { F(is_public), .flags = READONLY,
      .doc = "Whether everybody sees it; else its author, its project and those that it was granted to." },
    { F(downloads), .flags = READONLY, .doc = "Installations, counted once per person and version." },
    { F(deprecated), .flags = READONLY | NULLABLE, .doc = "Why it should not be used any more." },
    { F(replacement), .flags = READONLY | NULLABLE, .doc = "Package to use instead." },
    { F(created_at), .flags = READONLY, .doc = "When it was registered." },
    { F(updated_at), .flags = READONLY, .doc = "When it or its versions last changed." },
};
#undef D
DESC(package);

#define D struct package_version
static const struct field package_version_fields[] = {
    { F(id), .flags = READONLY, .doc = "Assigned by the server." },
    { F(package_id), .flags = READONLY, .doc = "The package." },
    { F(version), .flags = READONLY, .format = "semver", .doc = "Semantic version." },
    { F(changelog), .flags = READONLY | NULLABLE, .doc = "What changed." },
    { F(download_url), .flags = READONLY | NULLABLE,
      .doc = "Where the archive is: an address, or a path on this server." },
    { F(checksum), .flags = READONLY | NULLABLE, .doc = "SHA-256 of the archive, hexadecimal." },
    { F(size_bytes), .flags = READONLY | NULLABLE, .doc = "Size of the archive." },
    { F(is_stable), .flags = READONLY, .doc = "Whether it may be chosen when nobody names a version." },
    { F(archived_at), .flags = READONLY | NULLABLE, .doc = "When its archive was uploaded." },
    { F(yanked_at), .flags = READONLY | NULLABLE,
      .doc = "When it was withdrawn: it is installed only by its exact version." },
    { F(yank_reason), .flags = READONLY | NULLABLE, .doc = "Why it was withdrawn." },
    { F(signature), .flags = READONLY | NULLABLE,
      .doc = "The author's Ed25519 signature over name, version and checksum, base64." },
    { F(signer_key), .flags = READONLY | NULLABLE, .doc = "The public key that verifies it, base64." },
    { F(created_at), .flags = READONLY, .doc = "When it was published." },
};
#undef D
DESC(package_version);

#define D struct installation
static const struct field installation_fields[] = {
    { F(package_name), .flags = READONLY, .doc = "The package." },
    { F(version), .flags = READONLY, .doc = "The version." },
    { F(install_path), .flags = READONLY | NULLABLE, .doc = "Where the user put it." },
    { F(installed_at), .flags = READONLY, .doc = "When." },
};
#undef D
DESC(installation);

#define D struct package_day
static const struct field package_day_fields[] = {
    { F(day), .flags = INTERNAL },
    { F(date), .flags = READONLY, .format = "date", .doc = "The day, UTC." },
    { F(downloads), .flags = READONLY, .doc = "Downloads of that day." },
};
#undef D
DESC(package_day);

#define D struct package_use
static const struct field package_use_fields[] = {
    { F(version), .flags = READONLY, .doc = "The version." },
    { F(downloads), .flags = READONLY, .doc = "People who ever installed it." },
    { F(installations), .flags = READONLY, .doc = "People who have it installed." },
    { F(active_units), .flags = READONLY, .doc = "Units that run it." },
};
#undef D
DESC(package_use);

#define D struct package_category
static const struct field package_category_fields[] = {
    { F(category), .flags = READONLY, .doc = "Field of use." },
    { F(packages), .flags = READONLY, .doc = "Public packages in it." },
    { F(downloads), .flags = READONLY, .doc = "Their downloads." },
    { F(active_units), .flags = READONLY, .doc = "Units that run them." },
};
#undef D
DESC(package_category);

#define D struct stem_candidate
static const struct field stem_candidate_fields[] = { { F(stem), .flags = INTERNAL },
                                                      { F(packages), .flags = INTERNAL } };
#undef D
DESC(stem_candidate);

/* What clients send, and the rest of what they get. */
static const char *const sorts[] = { "name", "downloads", "updated", "created", NULL };
#define D struct package_query
static const struct field package_query_fields[] = {
    { F(limit), .flags = QUERY, .min = 1, .max = PAGE_MOST, .def = "20", .doc = "How many." },
    { F(offset), .flags = QUERY, .min = 0, .max = INT32_MAX, .def = "0",
      .doc = "How many to leave out at the beginning." },
    { F(category), .flags = QUERY | NULLABLE, .min = 1, .max = 64, .doc = "Only of this category." },
    { F(tag), .flags = QUERY | NULLABLE, .min = 1, .max = 40, .doc = "Only with this tag." },
    { F_ENUM(sort, sorts), .flags = QUERY, .def = "name",
      .doc = "By name, or the most downloads or the latest first." },
};
#undef D
DESC(package_query);

#define D struct package_page
static const struct field package_page_fields[] = {
    { F_LIST(packages, &package_desc), .flags = READONLY, .doc = "The packages." },
    { F(total), .flags = READONLY, .doc = "How many there are in all." },
    { F(limit), .flags = READONLY, .doc = "As asked for." },
    { F(offset), .flags = READONLY, .doc = "As asked for." },
};
#undef D
DESC(package_page);

#define D struct package_search_query
static const struct field package_search_query_fields[] = {
    { F(q), .flags = QUERY | REQUIRED, .min = 1, .max = 200,
      .doc = "Words of the name, description or tags, in Russian or English." },
    { F(limit), .flags = QUERY, .min = 1, .max = PAGE_MOST, .def = "20", .doc = "How many." },
};
#undef D
DESC(package_search_query);

#define D struct package_hits
static const struct field package_hits_fields[] = {
    { F_LIST(packages, &package_desc), .flags = READONLY, .doc = "The packages, best first." },
    { F(limit), .flags = READONLY, .doc = "As asked for." },
};
#undef D
DESC(package_hits);

#define D struct package_key
static const struct field package_key_fields[] = { { F(name), NAME_PATH } };
#undef D
DESC(package_key);

#define D struct package_figures
static const struct field package_figures_fields[] = {
    { F(downloads), .flags = READONLY, .doc = "Installations ever, once per person and version." },
    { F(installations), .flags = READONLY, .doc = "People who have it installed." },
    { F(active_units), .flags = READONLY, .doc = "Units that run it." },
};
#undef D
DESC(package_figures);

#define D struct package_sheet
static const struct field package_sheet_fields[] = {
    { F_OBJ(package, &package_desc), .flags = READONLY, .doc = "The package." },
    { F_LIST(versions, &package_version_desc), .flags = READONLY, .doc = "Its versions, newest first." },
    { F_OBJ(stats, &package_figures_desc), .flags = READONLY, .doc = "Its figures." },
};
#undef D
DESC(package_sheet);

#define DISPLAY_NAME .min = 1, .max = 128, .check = display_name_check, .doc = "Name for people."
#define DESCRIPTION  .flags = NULLABLE, .max = 20000, .check = text_check, .doc = "What it does."
#define REPOSITORY \
    .flags = NULLABLE, .min = 1, .max = URL_MAX, .check = url_check, .format = "uri", \
    .doc = "Address of its source."
#define CATEGORY .flags = NULLABLE, .min = 1, .max = 64, .check = text_check, .doc = "Field of use."
#define TAGS     .max = PACKAGE_TAGS_MAX, .doc = "Key words."
#define D        struct package_new
static const struct field package_new_fields[] = {
    { F(name), .flags = REQUIRED, .min = 1, .max = PACKAGE_NAME_MAX, .check = package_name_check,
      .doc = "Unique name; '-', '_' and '.' count as the same." },
    { F(display_name), .flags = REQUIRED, DISPLAY_NAME },
    { F(description), DESCRIPTION },
    { F(repository), REPOSITORY },
    { F(category), CATEGORY },
    { F_LIST_OF(tags, &tag_elem), TAGS },
    { F(project_id), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "Project whose editors may publish versions." },
    { F(is_public), .def = "true", .doc = "Whether everybody sees it." },
};
#undef D
DESC(package_new);

#define D struct package_patch
static const struct field package_patch_fields[] = {
    { F(name), NAME_PATH },
    { F(display_name), DISPLAY_NAME },
    { F(description), DESCRIPTION },
    { F(repository), REPOSITORY },
    { F(category), CATEGORY },
    { F_LIST_OF(tags, &tag_elem), TAGS },
    { F(is_public), .doc = "Whether everybody sees it." },
    { F(given) },
};
#undef D
DESC(package_patch);

#define D struct package_deprecation
static const struct field package_deprecation_fields[] = {
    { F(name), NAME_PATH },
    { F(message), .flags = NULLABLE, .min = 1, .max = 1000, .check = text_check,
      .doc = "Why; null: it is not deprecated any more." },
    { F(replacement), .flags = NULLABLE, .min = 1, .max = PACKAGE_NAME_MAX, .check = package_name_check,
      .doc = "Package to use instead." },
};
#undef D
DESC(package_deprecation);

#define D struct version_new
static const struct field version_new_fields[] = {
    { F(name), NAME_PATH },
    { F(version), .flags = REQUIRED, .min = 1, .max = 128, .check = package_version_check, .format = "semver",
      .doc = "Semantic version without build metadata." },
    { F(changelog), .flags = NULLABLE, .max = CHANGELOG_MAX, .check = text_check, .doc = "What changed." },
    { F(download_url), .flags = NULLABLE, .min = 1, .max = URL_MAX, .check = url_check, .format = "uri",
      .doc = "Where the archive is, when it is not uploaded here." },
    { F(checksum), .flags = NULLABLE, .min = 64, .max = 65, .check = checksum_check,
      .doc = "SHA-256 of the archive; an upload must have it." },
    { F(signature), .flags = NULLABLE, .min = 88, .max = 89, .check = base64_check,
      .doc = "The author's Ed25519 signature over name, version and checksum, base64." },
    { F(signer_key), .flags = NULLABLE, .min = 44, .max = 45, .check = base64_check,
      .doc = "The public key that verifies it, base64." },
    { F(size_bytes), .flags = NULLABLE, .min = 0, .max = INT64_MAX,
      .doc = "Size of the archive at download_url." },
    { F(is_stable), .def = "true", .doc = "Whether it may be chosen when nobody names a version." },
};
#undef D
DESC(version_new);

#define D struct version_yank
static const struct field version_yank_fields[] = {
    { F(name), NAME_PATH },
    { F(version), VERSION_PATH },
    { F(reason), .flags = REQUIRED, .min = 1, .max = 1000, .check = text_check,
      .doc = "Why, for those who have it." },
};
#undef D
DESC(version_yank);

#define D struct version_key
static const struct field version_key_fields[] = { { F(name), NAME_PATH }, { F(version), VERSION_PATH } };
#undef D
DESC(version_key);

#define D struct archive_put
static const struct field archive_put_fields[] = {
    { F(name), NAME_PATH },
    { F(version), VERSION_PATH },
    { F(x_checksum_sha256), .flags = HEADER | NULLABLE, .min = 64, .max = 65, .check = checksum_check,
      .doc = "What the archive's SHA-256 must be." },
    { F(content_range), .flags = HEADER | NULLABLE, .min = 1, .max = 100,
      .doc = "Which part of the archive this is: bytes FIRST-LAST/TOTAL." },
};
#undef D
DESC(archive_put);

#define D struct archive_state
static const struct field archive_state_fields[] = {
    { F(offset), .flags = READONLY, .doc = "Bytes that are stored: the next part begins here." },
    { F(size_bytes), .flags = READONLY | NULLABLE, .doc = "Size of the whole archive." },
    { F(complete), .flags = READONLY, .doc = "Whether it is the version's archive now." },
    { F(checksum), .flags = READONLY | NULLABLE, .doc = "Its SHA-256." },
};
#undef D
DESC(archive_state);

#define D struct package_readme
static const struct field package_readme_fields[] = {
    { F(file), .flags = READONLY, .doc = "Its path in the archive." },
    { F(text), .flags = READONLY, .doc = "What it says, as its author wrote it: Markdown, or plain." },
};
#undef D
DESC(package_readme);

#define D struct install_request
static const struct field install_request_fields[] = {
    { F(package_name), .flags = REQUIRED, .min = 1, .max = PACKAGE_NAME_MAX, .doc = "The package." },
    { F(version), .flags = NULLABLE, .min = 1, .max = 256,
      .doc = "A version or a range like ^1.2; null: the newest stable one." },
    { F(install_path), .flags = NULLABLE, .min = 1, .max = 4096, .check = text_check,
      .doc = "Where the user puts it." },
};
#undef D
DESC(install_request);

#define D struct install_answer
static const struct field install_answer_fields[] = {
    { F_OBJ(package, &package_desc), .flags = READONLY, .doc = "The package." },
    { F_OBJ(version, &package_version_desc), .flags = READONLY,
      .doc = "The version that was chosen, and where its archive is." },
};
#undef D
DESC(install_answer);

#define D struct package_download
static const struct field package_download_fields[] = {
    { F(package_name), .flags = READONLY, .doc = "The package." },
    { F(version), .flags = READONLY, .doc = "The version." },
    { F(day), .flags = READONLY, .doc = "The day (since 1970-01-01, UTC)." },
};
#undef D
DESC(package_download);

#define D struct installation_list
static const struct field installation_list_fields[] = {
    { F_LIST(installations, &installation_desc), .flags = READONLY, .doc = "What the user has installed." },
};
#undef D
DESC(installation_list);

#define D struct package_stats_query
static const struct field package_stats_query_fields[] = {
    { F(name), NAME_PATH },
    { F(days), .flags = QUERY, .min = 1, .max = 3660, .def = "90", .doc = "How many days back." },
};
#undef D
DESC(package_stats_query);

#define D struct package_stats
static const struct field package_stats_fields[] = {
    { F(downloads), .flags = READONLY, .doc = "Installations ever, once per person and version." },
    { F(installations), .flags = READONLY, .doc = "People who have it installed." },
    { F(active_units), .flags = READONLY, .doc = "Units that run it." },
    { F_LIST(by_day, &package_day_desc), .flags = READONLY, .doc = "Downloads of each day that had any." },
    { F_LIST(by_version, &package_use_desc), .flags = READONLY, .doc = "Use of each version, newest first." },
};
#undef D
DESC(package_stats);

#define D struct category_list
static const struct field category_list_fields[] = {
    { F_LIST(categories, &package_category_desc), .flags = READONLY,
      .doc = "Categories, the most used first." },
};
#undef D
DESC(category_list);

/* Grants. */
#define D struct grant_new
static const struct field grant_new_fields[] = {
    { F(name), NAME_PATH },
    { F(login), .flags = NULLABLE, .min = 1, .max = 64, .doc = "The person that is to see it." },
    { F(unit_id), .flags = NULLABLE,
      .doc = "Or the unit: whose it is sees it as long as there is the unit." },
};
#undef D
DESC(grant_new);

#define D struct grant_login
static const struct field grant_login_fields[] = {
    { F(name), NAME_PATH },
    { F(login), .flags = PATH, .min = 1, .max = 64, .doc = "Login of the person." },
};
#undef D
DESC(grant_login);

#define D struct grant_unit
static const struct field grant_unit_fields[] = {
    { F(name), NAME_PATH },
    { F(unit_id), .flags = PATH, .doc = "The unit." },
};
#undef D
DESC(grant_unit);

#define D struct grant_list
static const struct field grant_list_fields[] = {
    { F_LIST(grants, &grant_desc), .flags = READONLY, .doc = "The grants, oldest first." },
};
#undef D
DESC(grant_list);
