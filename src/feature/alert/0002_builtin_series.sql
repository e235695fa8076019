-- A scope may have several builtin rules of one kind when they are about different series.
-- up
DROP INDEX alert_rules_builtin_own;
CREATE UNIQUE INDEX alert_rules_builtin_own ON alert_rules (owner_id, kind, COALESCE(series, '')) WHERE builtin AND owner_id IS NOT NULL;

-- down
DELETE FROM alert_rules WHERE builtin AND series IS NOT NULL;
DROP INDEX alert_rules_builtin_own;
CREATE UNIQUE INDEX alert_rules_builtin_own ON alert_rules (owner_id, kind) WHERE builtin AND owner_id IS NOT NULL;
