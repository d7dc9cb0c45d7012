-- Days away from care while enrolled, without a reason. `last_day` is NULL while the child is away.
CREATE TABLE absences (
    region      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    enrolment   TEXT   NOT NULL,
    child       TEXT   NOT NULL,
    facility    TEXT   NOT NULL,
    first_day   TEXT   NOT NULL,
    last_day    TEXT,
    -- The actor who said so last, and when.
    recorded_by TEXT   NOT NULL,
    recorded_us BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX absences_by_child ON absences (region, child);
CREATE INDEX absences_by_enrolment ON absences (region, enrolment, id);
CREATE INDEX absences_by_facility ON absences (region, facility, id);

-- Whether Mongolian-medicine guidance is offered in a region, and so asked for. The default lets a
-- gateway of the previous version, which knows no such choice, go on founding regions.
ALTER TABLE regions ADD COLUMN mongolian_medicine BIGINT NOT NULL DEFAULT 0;
