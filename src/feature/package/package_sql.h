/* All SQL of packages. Rights are package.c's; lists take them as `seer`. */
#pragma once
#include "feature/package/package.h"
#include "port/db/db.h"

/* Whose private packages a list may show. */
struct package_seer {
    bool all;
    i64 user_id, project_id; /* 0: none */
};
enum package_sort { SORT_NAME, SORT_DOWNLOADS, SORT_UPDATED, SORT_CREATED };
struct package_filter {
    struct package_seer seer;
    str category, tag;
    int sort;
    i64 limit, offset;
};
typedef LIST(struct package) package_list;
typedef LIST(struct package_version) version_list;

err_t package_sql_find(struct op *, str name, struct package *out, bool *found) MUST_USE;
err_t package_sql_name_of_key(struct op *, str name_key, str *name) MUST_USE; /* absent: free */
err_t package_sql_list(struct op *, const struct package_filter *, package_list *out, i64 *total) MUST_USE;
err_t package_sql_insert(struct op *, const struct package *, str name_key, i64 *id) MUST_USE;
err_t package_sql_update(
    struct op *, const struct package *) MUST_USE; /* texts, tags, visibility, deprecation; updated_at */
err_t package_sql_touch(struct op *, i64 id) MUST_USE;
err_t package_sql_set_tags(struct op *, const struct package *) MUST_USE;
err_t package_sql_delete(struct op *, i64 id) MUST_USE;
err_t package_sql_unit_owner(struct op *, uuid unit_id, i64 *user_id) MUST_USE; /* 0: no such unit */
err_t package_sql_used(struct op *, i64 id, i64 *installations, i64 *units) MUST_USE;

err_t package_sql_versions(struct op *, i64 package_id,
                           version_list *out) MUST_USE; /* as published, newest last */
err_t package_sql_version(struct op *, i64 package_id, str version, struct package_version *out,
                          bool *found) MUST_USE;
err_t package_sql_version_insert(struct op *, struct package_version *) MUST_USE;     /* sets id */
err_t package_sql_version_yank(struct op *, i64 id, time_us at, str reason) MUST_USE; /* at 0: no longer */
/* Gives the version its archive; *taken = false: it has one. */
err_t package_sql_version_archive(struct op *, const struct package_version *, bool *taken) MUST_USE;
err_t package_sql_archives_of(struct op *, str checksum,
                              i64 *n) MUST_USE; /* versions whose archive is this blob */

err_t package_sql_garbage_add(struct op *, str checksum) MUST_USE;
err_t package_sql_garbage_next(struct op *, str after, str *checksum) MUST_USE; /* absent: no more */
err_t package_sql_garbage_done(struct op *, str checksum) MUST_USE;

err_t package_sql_install(struct op *, i64 user_id, const struct package_version *, str path) MUST_USE;
err_t package_sql_uninstall(struct op *, i64 user_id, i64 package_id, bool *was) MUST_USE;
err_t package_sql_installed_version(struct op *, i64 user_id, i64 package_id, struct package_version *out,
                                    bool *found) MUST_USE;

struct installation {
    str package_name, version, install_path;
    time_us installed_at;
};
extern const struct desc installation_desc;
err_t package_sql_installations(struct op *, i64 user_id, void *list_of_installation) MUST_USE;

/* What a person was the first to download of a version, and on which day (since 1970-01-01, UTC). */
struct package_download {
    str package_name, version;
    i64 day;
};
extern const struct desc package_download_desc;
err_t package_sql_downloads_of(struct op *, i64 user_id, void *list_of_download) MUST_USE;

struct package_day {
    i64 day; /* since 1970-01-01, UTC */
    str date;
    i64 downloads;
};
extern const struct desc package_day_desc;
struct package_use {
    str version;
    i64 downloads, installations, active_units;
};
extern const struct desc package_use_desc;
struct package_category {
    str category;
    i64 packages, downloads, active_units;
};
extern const struct desc package_category_desc;
err_t package_sql_days(struct op *, i64 package_id, i64 since_day, void *list_of_day) MUST_USE;
err_t package_sql_uses(struct op *, i64 package_id, void *list_of_use) MUST_USE;
err_t package_sql_active(struct op *, i64 package_id, i64 *installations, i64 *active_units) MUST_USE;
err_t package_sql_categories(struct op *, void *list_of_category) MUST_USE;

/* Search index. */
struct package_term {
    str stem;
    i64 weight;
};
err_t package_sql_index(struct op *, i64 package_id, const struct package_term *, size_t n) MUST_USE;
err_t package_sql_stem_trigrams(struct op *, const struct db_arg *rows,
                                size_t n) MUST_USE; /* rows of (trigram, stem) */
struct stem_candidate {
    str stem;
    i64 packages; /* that have it; counted up to 1000 */
};
extern const struct desc stem_candidate_desc;
/* Stems of the index that share the most trigrams with a word. trigrams: a JSON array. */
err_t package_sql_stems_like(struct op *, str trigrams, void *list_of_candidate) MUST_USE;
/* terms: a JSON array of {"s":stem,"w":number of the word that it stands for,"f":factor}. */
err_t package_sql_search(struct op *, const struct package_seer *, str terms, str name_key, i64 limit,
                         package_list *out) MUST_USE;

/* A person leaves. */
err_t package_sql_of_author(struct op *, i64 user_id, package_list *out) MUST_USE;
/* Who takes a package over, 0: nobody. The project's owners before its editors; an administrator. */
err_t package_sql_heir(struct op *, const struct package *, i64 *user_id) MUST_USE;
err_t package_sql_keeper(struct op *, const struct package *, i64 *user_id) MUST_USE;
err_t package_sql_hand_over(struct op *, i64 package_id, i64 user_id) MUST_USE;
err_t package_sql_uninstall_all(struct op *, i64 user_id) MUST_USE;
