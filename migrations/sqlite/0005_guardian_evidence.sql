-- Who handed a guardian's code over, and who used it first: a code for reading stays with them.
ALTER TABLE guardian_codes ADD COLUMN issued_actor TEXT;
ALTER TABLE guardian_codes ADD COLUMN used_by TEXT;
ALTER TABLE guardian_codes ADD COLUMN used_actor TEXT;

-- How a withdrawal was given: CODE, or the document that was seen.
ALTER TABLE consents ADD COLUMN end_evidence TEXT;

-- Why a guardianship was ended, disputed or settled, with the evidence seen: sealed under the
-- child's key. Who did it stands in the ledger.
CREATE TABLE guardianship_turns (
    region       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    guardianship TEXT   NOT NULL,
    turn         TEXT   NOT NULL,
    at_us        BIGINT NOT NULL,
    sealed       BLOB   NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX guardianship_turns_by_guardianship ON guardianship_turns (region, guardianship, id);
