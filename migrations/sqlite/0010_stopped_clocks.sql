-- A clock stands still while the keys of its facility are closed, since `stopped_us`; NULL while it runs.
-- A gateway of before takes such a clock for one that is over, as it always did.
ALTER TABLE escalations ADD COLUMN stopped_us BIGINT;
