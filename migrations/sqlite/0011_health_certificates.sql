-- The yearly health certificate of those who work in care: the day it was issued, empty where none is
-- known, and who said so. In clear, because the commission counts by it.
ALTER TABLE actors ADD COLUMN certificate_issued TEXT NOT NULL DEFAULT '';
ALTER TABLE actors ADD COLUMN certificate_by     TEXT;
ALTER TABLE actors ADD COLUMN certificate_us     BIGINT;
