#include "feature/package/package_sql.h"

#define PACKAGES \
    "SELECT p.id, p.name, p.display_name, p.description, p.author_id, u.login AS author, p.project_id, " \
    "p.repository, p.category, p.tags," \
    " p.is_public, p.downloads, p.deprecated, p.replacement, p.created_at, p.updated_at"
#define FROM_PACKAGES " FROM spark_packages p JOIN users u ON u.id = p.author_id"
/* Takes the five arguments of SEER(). */
#define VISIBLE \
    " (CAST(? AS BOOLEAN) OR p.is_public OR p.author_id = ? OR p.project_id = ?" \
    " OR p.project_id IN (SELECT m.project_id FROM project_members m WHERE m.user_id = ?)" \
    " OR p.id IN (SELECT g.entity_id FROM grants g WHERE g.user_id = ? AND g.entity = 'package'))"
#define SEER(s) A((s)->all), A((s)->user_id), A((s)->project_id), A((s)->user_id), A((s)->user_id)
#define VERSIONS \
    "SELECT v.id, v.package_id, v.version, v.changelog, v.download_url, v.checksum, v.size_bytes, " \
    "v.is_stable, v.archived_at, v.yanked_at," \
    " v.yank_reason, v.signature, v.signer_key, v.created_at FROM spark_package_versions v"
/* An active unit is one that its machine runs or is about to. */
#define ACTIVE \
    "n.removed_at IS NULL AND n.desired <> 'removed' AND n.status IN ('starting', 'running', 'paused')"

err_t package_sql_find(struct op *op, str name, struct package *out, bool *found)
{
    return db_find(op, &package_desc, out, found, PACKAGES FROM_PACKAGES " WHERE p.name = ?", A(name));
}

#define D struct package
static const struct field name_fields[] = { { F(name) } };
#undef D
static const struct desc name_desc = { "package_name", sizeof(struct package), name_fields,
                                       LEN(name_fields) };

err_t package_sql_name_of_key(struct op *op, str name_key, str *name)
{
    struct package p = { 0 };
    bool found;
    TRY(db_find(op, &name_desc, &p, &found, "SELECT name FROM spark_packages WHERE name_key = ?",
                A(name_key)));
    *name = found ? p.name : (str){ 0 };
    return OK;
}

static void add_filter(struct db_text *t, const struct package_filter *f)
{
    const struct package_seer *s = &f->seer;
    db_text_add(t, " WHERE" VISIBLE, SEER(s));
    if (f->category.p) db_text_add(t, " AND p.category = ?", A(f->category));
    if (f->tag.p)
        db_text_add(t, " AND p.id IN (SELECT t.package_id FROM spark_package_tags t WHERE t.tag = ?)",
                    A(f->tag));
}

err_t package_sql_list(struct op *op, const struct package_filter *f, package_list *out, i64 *total)
{
    static const struct sql orders[] = {
        [SORT_NAME] = SQL(" ORDER BY p.name"),
        [SORT_DOWNLOADS] = SQL(" ORDER BY p.downloads DESC, p.name"),
        [SORT_UPDATED] = SQL(" ORDER BY p.updated_at DESC, p.name"),
        [SORT_CREATED] = SQL(" ORDER BY p.created_at DESC, p.name"),
    };
    struct db_text count = db_text_new(op);
    db_text_add(&count, "SELECT count(*) FROM spark_packages p");
    add_filter(&count, f);
    TRY(db_text_i64(&count, total));
    struct db_text rows = db_text_new(op);
    db_text_add(&rows, PACKAGES FROM_PACKAGES);
    add_filter(&rows, f);
    db_text_add_sql(&rows, orders[f->sort], NULL, 0);
    db_text_add(&rows, " LIMIT ? OFFSET ?", A(f->limit), A(f->offset));
    return db_text_all(&rows, &package_desc, out);
}

static json_raw tags_json(struct op *op, const struct package *p)
{
    struct buf b = BUF(op->arena);
    buf_char(&b, '[');
    for (size_t i = 0; i < p->tags.n; i++) {
        if (i) buf_char(&b, ',');
        json_put_str(&b, p->tags.item[i]);
    }
    buf_char(&b, ']');
    return (json_raw){ buf_str(&b) };
}

err_t package_sql_insert(struct op *op, const struct package *p, str name_key, i64 *id)
{
    TRY(db_i64(
        op, id,
        "INSERT INTO spark_packages (name, name_key, display_name, description, author_id, project_id, "
        "repository, category,"
        " tags, is_public, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        A(p->name), A(name_key), A(p->display_name), A(p->description), A(p->author_id),
        A_NULL0(p->project_id), A(p->repository), A(p->category), A(tags_json(op, p)), A(p->is_public),
        A(p->created_at), A(p->updated_at)));
    return OK;
}

err_t package_sql_update(struct op *op, const struct package *p)
{
    return db_exec(op,
                   "UPDATE spark_packages SET display_name = ?, description = ?, repository = ?, category = "
                   "?, tags = ?, is_public = ?,"
                   " deprecated = ?, replacement = ?, updated_at = ? WHERE id = ?",
                   A(p->display_name), A(p->description), A(p->repository), A(p->category),
                   A(tags_json(op, p)), A(p->is_public), A(p->deprecated), A(p->replacement),
                   A(p->updated_at), A(p->id));
}

err_t package_sql_touch(struct op *op, i64 id)
{
    return db_exec(op, "UPDATE spark_packages SET updated_at = ? WHERE id = ?", A(time_now()), A(id));
}

err_t package_sql_set_tags(struct op *op, const struct package *p)
{
    TRY(db_exec(op, "DELETE FROM spark_package_tags WHERE package_id = ?", A(p->id)));
    struct db_arg *rows = NEWN(op->arena, struct db_arg, p->tags.n * 2);
    for (size_t i = 0; i < p->tags.n; i++) {
        rows[i * 2] = A(p->id);
        rows[i * 2 + 1] = A(p->tags.item[i]);
    }
    if (!p->tags.n) return OK;
    return db_many(op, "INSERT INTO spark_package_tags (package_id, tag) VALUES (?, ?)", rows, p->tags.n, 2);
}

err_t package_sql_delete(struct op *op, i64 id)
{
    return db_exec(op, "DELETE FROM spark_packages WHERE id = ?", A(id));
}

err_t package_sql_used(struct op *op, i64 id, i64 *installations, i64 *units)
{
    TRY(db_i64(op, installations, "SELECT count(*) FROM spark_user_installations WHERE package_id = ?",
               A(id)));
    return db_i64(op, units, "SELECT count(*) FROM spark_remote_units WHERE package_id = ?", A(id));
}

err_t package_sql_versions(struct op *op, i64 package_id, version_list *out)
{
    return db_all(op, &package_version_desc, out, VERSIONS " WHERE v.package_id = ? ORDER BY v.id",
                  A(package_id));
}

err_t package_sql_version(struct op *op, i64 package_id, str version, struct package_version *out,
                          bool *found)
{
    return db_find(op, &package_version_desc, out, found,
                   VERSIONS " WHERE v.package_id = ? AND v.version = ?", A(package_id), A(version));
}

err_t package_sql_version_insert(struct op *op, struct package_version *v)
{
    return db_i64(op, &v->id,
                  "INSERT INTO spark_package_versions (package_id, version, changelog, download_url, "
                  "checksum, size_bytes, is_stable,"
                  " signature, signer_key, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
                  A(v->package_id), A(v->version), A(v->changelog), A(v->download_url), A(v->checksum),
                  A_NULL0(v->size_bytes), A(v->is_stable), A(v->signature), A(v->signer_key),
                  A(v->created_at));
}

err_t package_sql_version_yank(struct op *op, i64 id, time_us at, str reason)
{
    return db_exec(op, "UPDATE spark_package_versions SET yanked_at = ?, yank_reason = ? WHERE id = ?", A(at),
                   A(reason), A(id));
}

err_t package_sql_version_archive(struct op *op, const struct package_version *v, bool *taken)
{
    i64 changed;
    TRY(db_exec_n(op, &changed,
                  "UPDATE spark_package_versions SET checksum = ?, size_bytes = ?, archived_at = ? WHERE id "
                  "= ? AND archived_at IS NULL",
                  A(v->checksum), A(v->size_bytes), A(v->archived_at), A(v->id)));
    *taken = changed == 1;
    return OK;
}

err_t package_sql_archives_of(struct op *op, str checksum, i64 *n)
{
    return db_i64(
        op, n, "SELECT count(*) FROM spark_package_versions WHERE checksum = ? AND archived_at IS NOT NULL",
        A(checksum));
}

err_t package_sql_garbage_add(struct op *op, str checksum)
{
    return db_exec(
        op, "INSERT INTO spark_package_garbage (checksum, dropped_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        A(checksum), A(time_now()));
}

#define D struct package_version
static const struct field checksum_fields[] = { { F(checksum) } };
#undef D
static const struct desc checksum_desc = { "checksum", sizeof(struct package_version), checksum_fields,
                                           LEN(checksum_fields) };

err_t package_sql_garbage_next(struct op *op, str after, str *checksum)
{
    struct package_version v = { 0 };
    bool found;
    TRY(db_find(op, &checksum_desc, &v, &found,
                "SELECT checksum FROM spark_package_garbage WHERE checksum > ? ORDER BY checksum LIMIT 1",
                A(after)));
    *checksum = found ? v.checksum : (str){ 0 };
    return OK;
}

err_t package_sql_garbage_done(struct op *op, str checksum)
{
    return db_exec(op, "DELETE FROM spark_package_garbage WHERE checksum = ?", A(checksum));
}

err_t package_sql_install(struct op *op, i64 user_id, const struct package_version *v, str path)
{
    time_us now = time_now();
    i64 first;
    TRY(db_exec(op,
                "INSERT INTO spark_user_installations (user_id, package_id, package_version_id, "
                "install_path, installed_at)"
                " VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_id, package_id) DO UPDATE SET package_version_id "
                "= excluded.package_version_id,"
                " install_path = excluded.install_path, installed_at = excluded.installed_at",
                A(user_id), A(v->package_id), A(v->id), A(path), A(now)));
    TRY(db_exec_n(op, &first,
                  "INSERT INTO spark_package_downloads (package_version_id, user_id, package_id, day) VALUES "
                  "(?, ?, ?, ?)"
                  " ON CONFLICT DO NOTHING",
                  A(v->id), A(user_id), A(v->package_id), A(now.us / SEC(86400))));
    if (!first) return OK;
    return db_exec(op, "UPDATE spark_packages SET downloads = downloads + 1 WHERE id = ?", A(v->package_id));
}

err_t package_sql_uninstall(struct op *op, i64 user_id, i64 package_id, bool *was)
{
    i64 changed;
    TRY(db_exec_n(op, &changed, "DELETE FROM spark_user_installations WHERE user_id = ? AND package_id = ?",
                  A(user_id), A(package_id)));
    *was = changed > 0;
    return OK;
}

err_t package_sql_installed_version(struct op *op, i64 user_id, i64 package_id, struct package_version *out,
                                    bool *found)
{
    return db_find(op, &package_version_desc, out, found,
                   VERSIONS " JOIN spark_user_installations i ON i.package_version_id = v.id WHERE i.user_id "
                            "= ? AND i.package_id = ?",
                   A(user_id), A(package_id));
}

err_t package_sql_installations(struct op *op, i64 user_id, void *list_of_installation)
{
    return db_all(op, &installation_desc, list_of_installation,
                  "SELECT p.name AS package_name, v.version, i.install_path, i.installed_at FROM "
                  "spark_user_installations i"
                  " JOIN spark_packages p ON p.id = i.package_id JOIN spark_package_versions v ON v.id = "
                  "i.package_version_id"
                  " WHERE i.user_id = ? ORDER BY p.name",
                  A(user_id));
}

err_t package_sql_days(struct op *op, i64 package_id, i64 since_day, void *list_of_day)
{
    return db_all(
        op, &package_day_desc, list_of_day,
        "SELECT day, count(*) AS downloads FROM spark_package_downloads WHERE package_id = ? AND day >= ?"
        " GROUP BY day ORDER BY day",
        A(package_id), A(since_day));
}

err_t package_sql_uses(struct op *op, i64 package_id, void *list_of_use)
{
    return db_all(
        op, &package_use_desc, list_of_use,
        "SELECT v.version,"
        " (SELECT count(*) FROM spark_package_downloads d WHERE d.package_version_id = v.id) AS downloads,"
        " (SELECT count(*) FROM spark_user_installations i WHERE i.package_version_id = v.id) AS "
        "installations,"
        " (SELECT count(*) FROM spark_remote_units n WHERE n.package_version_id = v.id AND " ACTIVE
        ") AS active_units"
        " FROM spark_package_versions v WHERE v.package_id = ? ORDER BY v.id DESC",
        A(package_id));
}

err_t package_sql_active(struct op *op, i64 package_id, i64 *installations, i64 *active_units)
{
    TRY(db_i64(op, installations, "SELECT count(*) FROM spark_user_installations WHERE package_id = ?",
               A(package_id)));
    return db_i64(op, active_units,
                  "SELECT count(*) FROM spark_remote_units n WHERE n.package_id = ? AND " ACTIVE,
                  A(package_id));
}

err_t package_sql_categories(struct op *op, void *list_of_category)
{
    return db_all(op, &package_category_desc, list_of_category,
                  "SELECT p.category, count(*) AS packages, CAST(sum(p.downloads) AS BIGINT) AS downloads,"
                  " CAST(sum((SELECT count(*) FROM spark_remote_units n WHERE n.package_id = p.id AND " ACTIVE
                  ")) AS BIGINT) AS active_units"
                  " FROM spark_packages p WHERE p.is_public AND p.category IS NOT NULL GROUP BY p.category"
                  " ORDER BY downloads DESC, packages DESC, p.category");
}

err_t package_sql_index(struct op *op, i64 package_id, const struct package_term *term, size_t n)
{
    TRY(db_exec(op, "DELETE FROM spark_package_stems WHERE package_id = ?", A(package_id)));
    struct db_arg *rows = NEWN(op->arena, struct db_arg, n * 3);
    for (size_t i = 0; i < n; i++) {
        rows[i * 3] = A(term[i].stem);
        rows[i * 3 + 1] = A(package_id);
        rows[i * 3 + 2] = A(term[i].weight);
    }
    if (!n) return OK;
    return db_many(op, "INSERT INTO spark_package_stems (stem, package_id, weight) VALUES (?, ?, ?)", rows, n,
                   3);
}

err_t package_sql_stem_trigrams(struct op *op, const struct db_arg *rows, size_t n)
{
    if (!n) return OK;
    return db_many(op, "INSERT INTO spark_stem_trigrams (trigram, stem) VALUES (?, ?) ON CONFLICT DO NOTHING",
                   rows, n, 2);
}

err_t package_sql_stems_like(struct op *op, str trigrams, void *list_of_candidate)
{
    return db_all_sql(op, &stem_candidate_desc, list_of_candidate,
                      SQL_PAIR("SELECT c.stem, (SELECT count(*) FROM (SELECT 1 FROM spark_package_stems s "
                               "WHERE s.stem = c.stem LIMIT 1000) x) AS packages"
                               " FROM (SELECT t.stem, count(*) AS shared FROM json_each(?) q JOIN "
                               "spark_stem_trigrams t ON t.trigram = q.value"
                               " GROUP BY t.stem ORDER BY shared DESC, t.stem LIMIT 64) c",
                               "SELECT c.stem, (SELECT count(*) FROM (SELECT 1 FROM spark_package_stems s "
                               "WHERE s.stem = c.stem LIMIT 1000) x) AS packages"
                               " FROM (SELECT t.stem, count(*) AS shared FROM "
                               "jsonb_array_elements_text(CAST(? AS jsonb)) AS q(value)"
                               " JOIN spark_stem_trigrams t ON t.trigram = q.value GROUP BY t.stem ORDER BY "
                               "shared DESC, t.stem COLLATE \"C\" LIMIT 64) c"),
                      DB_ARGS(A(trigrams)));
}

#define RANKED(source) \
    PACKAGES \
    " FROM (SELECT b.package_id, count(*) AS words, sum(b.best) AS score FROM" \
    " (SELECT s.package_id, m.w, max(s.weight * m.f) AS best FROM " source \
    " JOIN spark_package_stems s ON s.stem = m.s" \
    " GROUP BY s.package_id, m.w) b GROUP BY b.package_id) r" \
    " JOIN spark_packages p ON p.id = r.package_id JOIN users u ON u.id = p.author_id WHERE" VISIBLE \
    " ORDER BY CASE WHEN p.name_key = ? THEN 0 ELSE 1 END, r.words DESC, r.score DESC, p.downloads " \
    "DESC, p.name LIMIT ?"

err_t package_sql_search(struct op *op, const struct package_seer *seer, str terms, str name_key, i64 limit,
                         package_list *out)
{
    return db_all_sql(
        op, &package_desc, out,
        SQL_PAIR(RANKED("(SELECT json_extract(value, '$.s') AS s, json_extract(value, '$.w') AS w,"
                        " json_extract(value, '$.f') AS f FROM json_each(?)) m"),
                 RANKED("jsonb_to_recordset(CAST(? AS jsonb)) AS m(s text, w bigint, f bigint)")),
        DB_ARGS(A(terms), SEER(seer), A(name_key), A(limit)));
}

err_t package_sql_of_author(struct op *op, i64 user_id, package_list *out)
{
    return db_all(op, &package_desc, out, PACKAGES FROM_PACKAGES " WHERE p.author_id = ? ORDER BY p.id",
                  A(user_id));
}

err_t package_sql_heir(struct op *op, const struct package *p, i64 *user_id)
{
    return db_i64(op, user_id,
                  "SELECT coalesce((SELECT m.user_id FROM project_members m JOIN users u ON u.id = m.user_id"
                  " WHERE m.project_id = ? AND m.user_id <> ? AND m.role <> 'viewer' AND NOT u.blocked"
                  " ORDER BY CASE m.role WHEN 'owner' THEN 0 ELSE 1 END, m.added_at, m.user_id LIMIT 1), 0)",
                  A(p->project_id), A(p->author_id));
}

err_t package_sql_keeper(struct op *op, const struct package *p, i64 *user_id)
{
    return db_i64(op, user_id,
                  "SELECT coalesce((SELECT u.id FROM users u WHERE u.role = 'admin' AND u.id <> ? AND NOT "
                  "u.blocked ORDER BY u.id LIMIT 1), 0)",
                  A(p->author_id));
}

err_t package_sql_downloads_of(struct op *op, i64 user_id, void *list_of_download)
{
    return db_all(op, &package_download_desc, list_of_download,
                  "SELECT p.name AS package_name, v.version, d.day FROM spark_package_downloads d"
                  " JOIN spark_packages p ON p.id = d.package_id"
                  " JOIN spark_package_versions v ON v.id = d.package_version_id"
                  " WHERE d.user_id = ? ORDER BY d.day, p.name, v.id",
                  A(user_id));
}

err_t package_sql_hand_over(struct op *op, i64 package_id, i64 user_id)
{
    return db_exec(op, "UPDATE spark_packages SET author_id = ?, updated_at = ? WHERE id = ?", A(user_id),
                   A(time_now()), A(package_id));
}

err_t package_sql_uninstall_all(struct op *op, i64 user_id)
{
    return db_exec(op, "DELETE FROM spark_user_installations WHERE user_id = ?", A(user_id));
}

err_t package_sql_unit_owner(struct op *op, uuid unit_id, i64 *user_id)
{
    return db_i64(op, user_id,
                  "SELECT coalesce((SELECT n.owner_id FROM spark_remote_units n WHERE n.unit_id = ? AND"
                  " n.removed_at IS NULL), 0)",
                  A(unit_id));
}
