-- up
-- How the page looks to a person, on whatever machine; null: as the browser has it.
ALTER TABLE users ADD COLUMN lang TEXT CHECK (lang IN ('en', 'ru'));
ALTER TABLE users ADD COLUMN theme TEXT CHECK (theme IN ('auto', 'light', 'dark'));

-- down
ALTER TABLE users DROP COLUMN theme;
ALTER TABLE users DROP COLUMN lang;
