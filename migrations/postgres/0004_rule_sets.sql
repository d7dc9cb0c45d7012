-- Rule sets: what children are assessed by, named by their content. Under region 000000 stand those
-- that shipped with a program.
CREATE TABLE rule_sets (
    region       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    label        TEXT   NOT NULL,
    rules        BIGINT NOT NULL,
    added_us     BIGINT NOT NULL,
    organization TEXT,
    actor        TEXT,
    PRIMARY KEY (region, id)
);
CREATE TABLE rule_set_files (
    region   TEXT NOT NULL,
    rule_set TEXT NOT NULL,
    name     TEXT NOT NULL,
    content  TEXT NOT NULL,
    PRIMARY KEY (region, rule_set, name)
);
-- Who made which rule set count, and when. The pointer itself is in the region's row.
CREATE TABLE rule_set_activations (
    region       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    rule_set     TEXT   NOT NULL,
    previous     TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    actor        TEXT   NOT NULL,
    at_us        BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
ALTER TABLE regions ADD COLUMN active_rule_set TEXT NOT NULL DEFAULT '';

-- What a child's alerts rest on ('' nothing yet), and the first day on which assessing again
-- could change anything without a new record ('' never).
ALTER TABLE children ADD COLUMN assessed_by TEXT NOT NULL DEFAULT '';
ALTER TABLE children ADD COLUMN next_day TEXT NOT NULL DEFAULT '';
-- The tide's ranges; an erased child is in none.
CREATE INDEX children_by_assessment ON children (region, assessed_by, id)
    WHERE wrapped_key IS NOT NULL;
CREATE INDEX children_by_next_day ON children (region, next_day, id)
    WHERE wrapped_key IS NOT NULL AND next_day <> '';
