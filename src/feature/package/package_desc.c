/* Packages and versions as JSON and rows. What clients send has its descriptors in package_api.c. */
#include "feature/package/package_sql.h"

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
    { F(is_public), .flags = READONLY, .doc = "Whether everybody sees it; else its author and project only." },
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
    { F(download_url), .flags = READONLY | NULLABLE, .doc = "Where the archive is: an address, or a path on this server." },
    { F(checksum), .flags = READONLY | NULLABLE, .doc = "SHA-256 of the archive, hexadecimal." },
    { F(size_bytes), .flags = READONLY | NULLABLE, .doc = "Size of the archive." },
    { F(is_stable), .flags = READONLY, .doc = "Whether it may be chosen when nobody names a version." },
    { F(archived_at), .flags = READONLY | NULLABLE, .doc = "When its archive was uploaded." },
    { F(yanked_at), .flags = READONLY | NULLABLE, .doc = "When it was withdrawn: it is installed only by its exact version." },
    { F(yank_reason), .flags = READONLY | NULLABLE, .doc = "Why it was withdrawn." },
    { F(signature), .flags = READONLY | NULLABLE, .doc = "The author's Ed25519 signature over name, version and checksum, base64." },
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
static const struct field stem_candidate_fields[] = { { F(stem), .flags = INTERNAL }, { F(packages), .flags = INTERNAL } };
#undef D
DESC(stem_candidate);
