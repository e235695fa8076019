-- up
CREATE TABLE spark_packages (
    id @ID,
-- sqlite:    name TEXT NOT NULL UNIQUE,
-- postgres:    name TEXT COLLATE "C" NOT NULL UNIQUE,
    -- the name without what people confuse: "a-b", "a_b" and "a.b" are one
    name_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    description TEXT,
    author_id BIGINT NOT NULL REFERENCES users (id),
    project_id BIGINT REFERENCES projects (id) ON DELETE SET NULL,
    repository TEXT,
    category TEXT,
    -- what spark_package_tags has of this package, so that a page needs no second look-up
    tags @JSON NOT NULL,
    is_public @BOOL NOT NULL,
    downloads BIGINT NOT NULL DEFAULT 0,
    deprecated TEXT,
    replacement TEXT,
    created_at @TIME NOT NULL,
    updated_at @TIME NOT NULL
);
CREATE INDEX spark_packages_category ON spark_packages (category);
CREATE INDEX spark_packages_author ON spark_packages (author_id);
CREATE INDEX spark_packages_project ON spark_packages (project_id);
CREATE INDEX spark_packages_downloads ON spark_packages (downloads);

CREATE TABLE spark_package_versions (
    id @ID,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    changelog TEXT,
    download_url TEXT,
    checksum TEXT,
    size_bytes BIGINT,
    is_stable @BOOL NOT NULL DEFAULT TRUE,
    -- when its archive became ours; checksum then names the blob
    archived_at @TIME,
    yanked_at @TIME,
    yank_reason TEXT,
    -- the author's Ed25519 signature over name, version and checksum (base64), and the key that made it
    signature TEXT,
    signer_key TEXT,
    created_at @TIME NOT NULL,
    UNIQUE (package_id, version)
);
CREATE INDEX spark_package_versions_package ON spark_package_versions (package_id);
CREATE INDEX spark_package_versions_checksum ON spark_package_versions (checksum);

CREATE TABLE spark_user_installations (
    id @ID,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id),
    package_version_id BIGINT NOT NULL REFERENCES spark_package_versions (id),
    install_path TEXT,
    installed_at @TIME NOT NULL,
    UNIQUE (user_id, package_id)
);
CREATE INDEX spark_user_installations_user ON spark_user_installations (user_id);
CREATE INDEX spark_user_installations_package ON spark_user_installations (package_id);
CREATE INDEX spark_user_installations_version ON spark_user_installations (package_version_id);

CREATE TABLE spark_package_tags (
    id @ID,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    UNIQUE (package_id, tag)
);
CREATE INDEX spark_package_tags_tag ON spark_package_tags (tag);

-- Who downloaded what first on which day (days since 1970-01-01, UTC): once per person and version.
CREATE TABLE spark_package_downloads (
    package_version_id BIGINT NOT NULL REFERENCES spark_package_versions (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id) ON DELETE CASCADE,
    day BIGINT NOT NULL,
    PRIMARY KEY (package_version_id, user_id)
);
CREATE INDEX spark_package_downloads_package ON spark_package_downloads (package_id, day);
CREATE INDEX spark_package_downloads_user ON spark_package_downloads (user_id);

-- Archives that a version or an upload gave up: a job deletes those that no version has.
CREATE TABLE spark_package_garbage (
    checksum TEXT PRIMARY KEY,
    dropped_at @TIME NOT NULL
);

-- The search index: stems of a package's texts with the weight of the best text they stand in, and the trigrams of
-- every stem, which find the stem that a misspelt word meant.
CREATE TABLE spark_package_stems (
    stem TEXT NOT NULL,
    package_id BIGINT NOT NULL REFERENCES spark_packages (id) ON DELETE CASCADE,
    weight BIGINT NOT NULL,
    PRIMARY KEY (stem, package_id)
);
CREATE INDEX spark_package_stems_package ON spark_package_stems (package_id);
CREATE TABLE spark_stem_trigrams (
    trigram TEXT NOT NULL,
    stem TEXT NOT NULL,
    PRIMARY KEY (trigram, stem)
);

-- down
DROP TABLE spark_stem_trigrams;
DROP TABLE spark_package_stems;
DROP TABLE spark_package_garbage;
DROP TABLE spark_package_downloads;
DROP TABLE spark_package_tags;
DROP TABLE spark_user_installations;
DROP TABLE spark_package_versions;
DROP TABLE spark_packages;
