-- The life of an alert after it was raised.

-- What the medical side did. How the facility stands to a living alert stays in `state`, so that a
-- gateway of the previous version still sees it standing. The notes are sealed under the child's key.
ALTER TABLE alerts ADD COLUMN followed_up_by  TEXT;
ALTER TABLE alerts ADD COLUMN followed_up_us  BIGINT;
ALTER TABLE alerts ADD COLUMN follow_up       TEXT;
ALTER TABLE alerts ADD COLUMN follow_up_note  BYTEA;
ALTER TABLE alerts ADD COLUMN resolved_by     TEXT;
ALTER TABLE alerts ADD COLUMN decision        TEXT;
ALTER TABLE alerts ADD COLUMN decision_reason BYTEA;
-- What clinicians decided of a child: read with every assessment.
CREATE INDEX alerts_decided ON alerts (region, child) WHERE resolved_by IS NOT NULL;

-- Hours from delivery to each step of the escalation.
ALTER TABLE regions ADD COLUMN instructor_hours BIGINT NOT NULL DEFAULT 4;
ALTER TABLE regions ADD COLUMN mch_centre_hours BIGINT NOT NULL DEFAULT 24;
ALTER TABLE regions ADD COLUMN commission_hours BIGINT NOT NULL DEFAULT 48;

-- The clocks that run: one for each urgent alert that a facility holds and nobody has taken up.
-- `reached` is how far it has been passed on: 0 nowhere yet, 1 to 3 the steps. A step that could
-- not be taken is tried again not before `not_before_us`.
CREATE TABLE escalations (
    region        TEXT   NOT NULL,
    alert         TEXT   NOT NULL,
    facility      TEXT   NOT NULL,
    child         TEXT   NOT NULL,
    reached       BIGINT NOT NULL,
    since_us      BIGINT NOT NULL,
    not_before_us BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (region, alert, facility)
);
CREATE INDEX escalations_by_child ON escalations (region, child);
CREATE INDEX escalations_due ON escalations (region, reached, since_us);
CREATE INDEX escalations_at_commission ON escalations (region, facility) WHERE reached = 3;

-- What a commission is told: a facility whose count is to be looked at. Numbered by the counter of
-- its inbox.
CREATE TABLE inbox_notices (
    region    TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    number    BIGINT NOT NULL,
    facility  TEXT   NOT NULL,
    at_us     BIGINT NOT NULL,
    PRIMARY KEY (region, recipient, number)
);

-- Urgent alerts that facilities hold already: their clocks have run since the last delivery.
INSERT INTO escalations (region, alert, facility, child, reached, since_us)
SELECT a.region, a.id, h.recipient, a.child, 0, MAX(e.at_us)
FROM alerts a
JOIN inbox_held h ON h.region = a.region AND h.child = a.child AND h.alert = a.id
JOIN inbox_entries e ON e.region = h.region AND e.recipient = h.recipient AND e.alert = h.alert
WHERE a.level = 3 AND a.state = 'OPEN'
GROUP BY a.region, a.id, h.recipient, a.child;
