-- Several statements of one condition each bear an alert alone: whose, and of which day.
ALTER TABLE alerts ADD COLUMN each_alone BIGINT NOT NULL DEFAULT 0;
-- NULL in rows of before; there it is not asked for.
ALTER TABLE alert_evidence ADD COLUMN day TEXT;
