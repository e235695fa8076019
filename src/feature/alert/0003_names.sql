-- Rules that the product makes have a name in Russian beside the English one, until somebody renames them.
-- up
ALTER TABLE alert_rules ADD COLUMN name_ru TEXT;
UPDATE alert_rules SET name_ru = 'Сбой юнита' WHERE builtin AND name = 'Unit failed';
UPDATE alert_rules SET name_ru = 'Память: больше 90 % предела' WHERE builtin AND name = 'Memory over 90 % of the limit';
UPDATE alert_rules SET name_ru = 'Процессор: долго больше 80 %' WHERE builtin AND name = 'CPU over 80 % for long';
UPDATE alert_rules SET name_ru = 'Netbit: больше 5 % запросов с ошибкой' WHERE builtin AND name = 'Netbit: more than 5 % of requests fail';
UPDATE alert_rules SET name_ru = 'Netbit: запросы вдвое дольше обычного' WHERE builtin AND name = 'Netbit: requests take twice their usual time';
UPDATE alert_rules SET name_ru = 'Netbit: диск занят на 80 %' WHERE builtin AND name = 'Netbit: the disk is 80 % full';

-- down
ALTER TABLE alert_rules DROP COLUMN name_ru;
