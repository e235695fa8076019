-- up
-- Private things shown to single people and units: entity is the feature's word for it ("package"), user_id who sees it. A grant
-- to a unit is held for the person whose unit it is, and goes with the unit.
CREATE TABLE grants (
    entity TEXT NOT NULL,
    entity_id BIGINT NOT NULL,
    -- 'user:ID' or 'unit:UUID'
    subject TEXT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    unit_id @UUID,
    granted_by BIGINT REFERENCES users (id) ON DELETE SET NULL,
    granted_at @TIME NOT NULL,
    PRIMARY KEY (entity, entity_id, subject)
);
CREATE INDEX grants_user ON grants (user_id, entity, entity_id);
CREATE INDEX grants_unit ON grants (unit_id);

-- down
DROP TABLE grants;
