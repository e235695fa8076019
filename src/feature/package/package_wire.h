/* What package_api.c and its clients say to each other, beside the records of package_sql.h. */
#pragma once
#include "feature/package/package_rules.h"

struct package_query {
    i64 limit, offset;
    str category, tag;
    int sort;
};
extern const struct desc package_query_desc;

struct package_page {
    LIST(struct package) packages;
    i64 total, limit, offset;
};
extern const struct desc package_page_desc;

struct package_search_query {
    str q;
    i64 limit;
};
extern const struct desc package_search_query_desc;

struct package_hits {
    LIST(struct package) packages;
    i64 limit;
};
extern const struct desc package_hits_desc;

struct package_key {
    str name;
};
extern const struct desc package_key_desc;

struct package_figures {
    i64 downloads, installations, active_units;
};
extern const struct desc package_figures_desc;

struct package_sheet {
    struct package package;
    LIST(struct package_version) versions;
    struct package_figures stats;
};
extern const struct desc package_sheet_desc;

struct package_new {
    str name, display_name, description, repository, category;
    LIST(str) tags;
    i64 project_id;
    bool is_public;
};
extern const struct desc package_new_desc;

struct package_patch {
    str name, display_name, description, repository, category;
    LIST(str) tags;
    bool is_public;
    struct present given;
};
extern const struct desc package_patch_desc;

struct package_deprecation {
    str name, message, replacement;
};
extern const struct desc package_deprecation_desc;

struct version_new {
    str name, version, changelog, download_url, checksum, signature, signer_key;
    i64 size_bytes;
    bool is_stable;
};
extern const struct desc version_new_desc;

struct version_yank {
    str name, version, reason;
};
extern const struct desc version_yank_desc;

struct version_key {
    str name, version;
};
extern const struct desc package_readme_desc;
extern const struct desc version_key_desc;

extern const struct desc archive_put_desc;

extern const struct desc archive_state_desc;

struct install_request {
    str package_name, version, install_path;
};
extern const struct desc install_request_desc;

struct install_answer {
    struct package package;
    struct package_version version;
};
extern const struct desc install_answer_desc;

struct installation_list {
    LIST(struct installation) installations;
};
extern const struct desc installation_list_desc;

struct package_stats_query {
    str name;
    i64 days;
};
extern const struct desc package_stats_query_desc;

struct package_stats {
    i64 downloads, installations, active_units;
    LIST(struct package_day) by_day;
    LIST(struct package_use) by_version;
};
extern const struct desc package_stats_desc;

struct category_list {
    LIST(struct package_category) categories;
};
extern const struct desc category_list_desc;

struct grant_new {
    str name, login;
    uuid unit_id;
};
extern const struct desc grant_new_desc;

struct grant_login {
    str name, login;
};
extern const struct desc grant_login_desc;

struct grant_unit {
    str name;
    uuid unit_id;
};
extern const struct desc grant_unit_desc;

struct grant_list {
    LIST(struct grant) grants;
};
extern const struct desc grant_list_desc;
