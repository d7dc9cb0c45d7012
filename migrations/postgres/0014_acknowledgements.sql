-- Taking note of an alert is each facility's own: a child may be in the care of two. `alerts.acknowledged_by` and
-- `acknowledged_us` are of whoever did so first, and count for that one's facility without a row here, as those of
-- before. A row counts while it is no older than that: one of before an alert was renewed by a gateway that does not
-- know this table counts no longer. While such a gateway runs too, it takes the first facility's note for everybody's:
-- the other one's clock starts anew at the next delivery through a gateway that knows.
CREATE TABLE acknowledgements (
    region          TEXT   NOT NULL,
    alert           TEXT   NOT NULL,
    facility        TEXT   NOT NULL,
    acknowledged_by TEXT   NOT NULL,
    acknowledged_us BIGINT NOT NULL,
    PRIMARY KEY (region, alert, facility)
);
