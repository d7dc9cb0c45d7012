-- Who was erased: kept when everything else of the child is gone, so that a restore can replay it.
CREATE TABLE erasures (
    region      TEXT   NOT NULL,
    child       TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    at_us       BIGINT NOT NULL,
    recorded_by TEXT,
    evidence    TEXT   NOT NULL,
    PRIMARY KEY (region, child)
);
