-- Taking note of an alert is each facility's own: a child may be in the care of two. `alerts.acknowledged_by` and
-- `acknowledged_us` are of whoever did so first; a row here counts while it is no older than that, so that one of
-- before an alert was renewed by a gateway that does not know this table counts no longer.
CREATE TABLE acknowledgements (
    region          TEXT   NOT NULL,
    alert           TEXT   NOT NULL,
    facility        TEXT   NOT NULL,
    acknowledged_by TEXT   NOT NULL,
    acknowledged_us BIGINT NOT NULL,
    PRIMARY KEY (region, alert, facility)
);
INSERT INTO acknowledgements (region, alert, facility, acknowledged_by, acknowledged_us)
SELECT a.region, a.id, t.organization, a.acknowledged_by, a.acknowledged_us
FROM alerts a
JOIN actors t ON t.region = a.region AND t.id = a.acknowledged_by
WHERE a.acknowledged_us IS NOT NULL;
