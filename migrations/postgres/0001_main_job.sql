-- Regions and their settings.
CREATE TABLE regions (
    region               TEXT   NOT NULL,
    utc_offset_minutes   BIGINT NOT NULL,
    altitude_m           BIGINT NOT NULL,
    correct_for_altitude BIGINT NOT NULL,
    revision             BIGINT NOT NULL,
    PRIMARY KEY (region)
);

-- The ledger: one head a region (the lock and the clock), leaves, and the entries of each leaf.
CREATE TABLE ledger_heads (
    region  TEXT   NOT NULL,
    size    BIGINT NOT NULL,
    time_us BIGINT NOT NULL,
    PRIMARY KEY (region)
);
CREATE TABLE ledger_leaves (
    region   TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    at_us    BIGINT NOT NULL,
    bytes    BYTEA  NOT NULL,
    hash     BYTEA  NOT NULL,
    PRIMARY KEY (region, sequence)
);
CREATE TABLE ledger_entries (
    region   TEXT   NOT NULL,
    sequence BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash     BYTEA  NOT NULL,
    child    TEXT   NOT NULL,
    opening  BYTEA  NOT NULL,
    PRIMARY KEY (region, sequence, position)
);
CREATE INDEX ledger_entries_by_child ON ledger_entries (region, child, sequence);

-- Keys that belong to no child: index, staff, unmatched. Wrapped by the master key.
CREATE TABLE vault_keys (
    region  TEXT  NOT NULL,
    name    TEXT  NOT NULL,
    wrapped BYTEA NOT NULL,
    PRIMARY KEY (region, name)
);

-- Organizations, their standing, certificates and signing keys.
CREATE TABLE organizations (
    region             TEXT   NOT NULL,
    id                 TEXT   NOT NULL,
    kind               TEXT   NOT NULL,
    display_name       TEXT   NOT NULL,
    social_credit_code TEXT   NOT NULL,
    filing_number      TEXT   NOT NULL,
    licensed_places    BIGINT NOT NULL,
    inclusive_places   BIGINT NOT NULL,
    created_us         BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX organizations_by_code ON organizations (region, social_credit_code);
CREATE TABLE standings (
    region       TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    state        TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    since_us     BIGINT NOT NULL,
    PRIMARY KEY (region, organization)
);
CREATE TABLE enrolment_codes (
    region       TEXT   NOT NULL,
    digest       TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    expires_us   BIGINT NOT NULL,
    used_us      BIGINT,
    PRIMARY KEY (region, digest)
);
CREATE INDEX enrolment_codes_by_organization ON enrolment_codes (region, organization);
CREATE TABLE certificates (
    region       TEXT   NOT NULL,
    fingerprint  TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    issued_us    BIGINT NOT NULL,
    expires_us   BIGINT NOT NULL,
    revoked_us   BIGINT,
    PRIMARY KEY (region, fingerprint)
);
CREATE INDEX certificates_by_organization ON certificates (region, organization);
CREATE TABLE signing_keys (
    region       TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    spki_pem     TEXT   NOT NULL,
    created_us   BIGINT NOT NULL,
    ended_us     BIGINT,
    PRIMARY KEY (region, organization, key_id)
);

-- People.
CREATE TABLE actors (
    region       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    practitioner TEXT,
    state        TEXT   NOT NULL,
    reason       TEXT   NOT NULL,
    decided_by   TEXT,
    decided_us   BIGINT,
    created_us   BIGINT NOT NULL,
    sealed       BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX actors_by_organization ON actors (region, organization, id);
CREATE TABLE practitioners (
    region        TEXT   NOT NULL,
    id            TEXT   NOT NULL,
    employer      TEXT   NOT NULL,
    licence_kind  TEXT   NOT NULL,
    licence_index TEXT   NOT NULL,
    fields        TEXT   NOT NULL,
    created_us    BIGINT NOT NULL,
    sealed        BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX practitioners_by_employer ON practitioners (region, employer, id);
CREATE UNIQUE INDEX practitioners_by_licence ON practitioners (region, licence_index);

-- Agreements and assignments.
CREATE TABLE agreements (
    region           TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    institution      TEXT   NOT NULL,
    facility         TEXT   NOT NULL,
    drafted_by       TEXT   NOT NULL,
    mode             TEXT   NOT NULL,
    first_day        TEXT   NOT NULL,
    last_day         TEXT   NOT NULL,
    services         TEXT   NOT NULL,
    categories       TEXT   NOT NULL,
    purposes         TEXT   NOT NULL,
    further_sources  TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    filing_number    TEXT,
    filed_us         BIGINT,
    ending_reason    TEXT,
    ended_us         BIGINT,
    revision         BIGINT NOT NULL,
    created_us       BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX agreements_by_facility ON agreements (region, facility, id);
CREATE INDEX agreements_by_institution ON agreements (region, institution, id);
CREATE TABLE agreement_signatures (
    region       TEXT   NOT NULL,
    agreement    TEXT   NOT NULL,
    organization TEXT   NOT NULL,
    key_id       TEXT   NOT NULL,
    signature    BYTEA  NOT NULL,
    signed_us    BIGINT NOT NULL,
    PRIMARY KEY (region, agreement, organization)
);
CREATE TABLE assignments (
    region       TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    practitioner TEXT   NOT NULL,
    agreement    TEXT   NOT NULL,
    institution  TEXT   NOT NULL,
    facility     TEXT   NOT NULL,
    first_day    TEXT   NOT NULL,
    last_day     TEXT   NOT NULL,
    shifts       TEXT   NOT NULL,
    ended_us     BIGINT,
    ended_reason TEXT,
    created_us   BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX assignments_by_facility ON assignments (region, facility, practitioner);
CREATE INDEX assignments_by_institution ON assignments (region, institution, id);

-- Children. Names and numbers are sealed under the child's own key, which stands here wrapped.
-- `wrapped_key` becomes NULL when the child is erased.
CREATE TABLE children (
    region         TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    sex            TEXT   NOT NULL,
    birth_date     TEXT   NOT NULL,
    gestation_days BIGINT,
    wrapped_key    BYTEA,
    registered_by  TEXT   NOT NULL,
    created_us     BIGINT NOT NULL,
    sealed         BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
-- One row a blind index: the lock under which a check-up and a registration of the same number
-- meet, and the child it belongs to once known.
CREATE TABLE identifier_slots (
    region     TEXT NOT NULL,
    identifier TEXT NOT NULL,
    child      TEXT,
    PRIMARY KEY (region, identifier)
);
CREATE TABLE child_identifiers (
    region     TEXT   NOT NULL,
    child      TEXT   NOT NULL,
    identifier TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    from_us    BIGINT NOT NULL,
    until_us   BIGINT,
    sealed     BYTEA  NOT NULL,
    PRIMARY KEY (region, child, identifier)
);
CREATE TABLE guardianships (
    region      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    child       TEXT   NOT NULL,
    guardian    TEXT   NOT NULL,
    relation    TEXT   NOT NULL,
    evidence    TEXT   NOT NULL,
    first_day   TEXT   NOT NULL,
    ended_us    BIGINT,
    disputed_us BIGINT,
    recorded_by TEXT   NOT NULL,
    created_us  BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX guardianships_by_child ON guardianships (region, child, id);
CREATE TABLE guardian_codes (
    region       TEXT   NOT NULL,
    digest       TEXT   NOT NULL,
    guardianship TEXT   NOT NULL,
    child        TEXT   NOT NULL,
    usage        TEXT   NOT NULL,
    issued_by    TEXT   NOT NULL,
    issued_us    BIGINT NOT NULL,
    expires_us   BIGINT NOT NULL,
    used_us      BIGINT,
    PRIMARY KEY (region, digest)
);
CREATE TABLE enrolments (
    region     TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    child      TEXT   NOT NULL,
    facility   TEXT   NOT NULL,
    care       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    first_day  TEXT   NOT NULL,
    last_day   TEXT,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX enrolments_by_facility ON enrolments (region, facility, id);
-- Who is, or is expected, in care from a day on: does not grow with the years.
CREATE INDEX enrolments_current
    ON enrolments (region, facility, (COALESCE(last_day, '9999-12-31')));
CREATE INDEX enrolments_by_child ON enrolments (region, child, facility);
-- A child stands once in a facility at a time.
CREATE UNIQUE INDEX enrolments_open ON enrolments (region, child, facility)
    WHERE state IN ('EXPECTED', 'ACTIVE');
CREATE TABLE consents (
    region         TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    child          TEXT   NOT NULL,
    guardianship   TEXT   NOT NULL,
    recipient      TEXT   NOT NULL,
    sources        TEXT   NOT NULL,
    purposes       TEXT   NOT NULL,
    categories     TEXT   NOT NULL,
    mode           TEXT   NOT NULL,
    data_from      TEXT,
    data_until     TEXT,
    first_day      TEXT   NOT NULL,
    last_day       TEXT   NOT NULL,
    notice_version TEXT   NOT NULL,
    recorded_by    TEXT   NOT NULL,
    evidence       TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    granted_us     BIGINT NOT NULL,
    ended_us       BIGINT,
    PRIMARY KEY (region, id)
);
CREATE INDEX consents_by_recipient ON consents (region, recipient, child);
CREATE INDEX consents_by_child ON consents (region, child, recipient);
CREATE INDEX consents_by_recorder ON consents (region, recorded_by, id);
-- One consent in force for a child and a recipient.
CREATE UNIQUE INDEX consents_granted ON consents (region, child, recipient)
    WHERE state = 'GRANTED';

-- Check-ups: identity in columns, findings one sealed blob. `child` is NULL while unmatched.
CREATE TABLE check_ups (
    region           TEXT   NOT NULL,
    id               TEXT   NOT NULL,
    child            TEXT,
    source           TEXT   NOT NULL,
    record_id        TEXT   NOT NULL,
    revision         BIGINT NOT NULL,
    status           TEXT   NOT NULL,
    date             TEXT   NOT NULL,
    visit            TEXT   NOT NULL,
    superseded       BIGINT NOT NULL,
    digest           BYTEA  NOT NULL,
    unmatched_reason TEXT,
    created_us       BIGINT NOT NULL,
    sealed           BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX check_ups_by_record ON check_ups (region, source, record_id, revision);
-- Of each record one revision counts: two that arrive at once for different children meet here.
CREATE UNIQUE INDEX check_ups_counting ON check_ups (region, source, record_id)
    WHERE superseded = 0;
CREATE INDEX check_ups_by_child ON check_ups (region, child) WHERE superseded = 0;
CREATE INDEX check_ups_by_source ON check_ups (region, source, id);
CREATE INDEX check_ups_unmatched ON check_ups (region, source, id)
    WHERE child IS NULL AND superseded = 0;
CREATE TABLE unmatched_identifiers (
    region     TEXT NOT NULL,
    identifier TEXT NOT NULL,
    check_up   TEXT NOT NULL,
    PRIMARY KEY (region, identifier, check_up)
);
CREATE TABLE push_keys (
    region     TEXT   NOT NULL,
    source     TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    digest     BYTEA  NOT NULL,
    check_up   TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    created_us BIGINT NOT NULL,
    PRIMARY KEY (region, source, key)
);

-- Alerts: category, level, dates and states in clear because queries need them; what was found and
-- what to do sealed under the child's key. `subject` is a blind index.
CREATE TABLE alerts (
    region          TEXT   NOT NULL,
    id              TEXT   NOT NULL,
    child           TEXT   NOT NULL,
    family          TEXT   NOT NULL,
    subject         TEXT   NOT NULL,
    rule            TEXT   NOT NULL,
    rule_version    BIGINT NOT NULL,
    category        TEXT   NOT NULL,
    level           BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    for_facility    BIGINT NOT NULL,
    for_instructor  BIGINT NOT NULL,
    for_mch         BIGINT NOT NULL,
    for_guardian    BIGINT NOT NULL,
    evidence_first  TEXT   NOT NULL,
    evidence_last   TEXT   NOT NULL,
    due_date        TEXT,
    opened_us       BIGINT NOT NULL,
    acknowledged_by TEXT,
    acknowledged_us BIGINT,
    ended_us        BIGINT,
    revision        BIGINT NOT NULL,
    digest          BYTEA  NOT NULL,
    sealed          BYTEA  NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE UNIQUE INDEX alerts_open ON alerts (region, child, family, subject)
    WHERE state IN ('OPEN', 'ACKNOWLEDGED');
CREATE INDEX alerts_for_mch ON alerts (region, child)
    WHERE for_mch = 1 AND state IN ('OPEN', 'ACKNOWLEDGED');
-- What an alert rests on: the check-ups, and the institutions that sent them.
CREATE TABLE alert_evidence (
    region   TEXT NOT NULL,
    alert    TEXT NOT NULL,
    check_up TEXT NOT NULL,
    source   TEXT NOT NULL,
    PRIMARY KEY (region, alert, check_up)
);

-- Inboxes: a counter row, numbered pointers, and what the recipient holds now.
CREATE TABLE inboxes (
    region    TEXT   NOT NULL,
    recipient TEXT   NOT NULL,
    last      BIGINT NOT NULL,
    oldest    BIGINT NOT NULL,
    PRIMARY KEY (region, recipient)
);
CREATE TABLE inbox_entries (
    region         TEXT   NOT NULL,
    recipient      TEXT   NOT NULL,
    number         BIGINT NOT NULL,
    kind           TEXT   NOT NULL,
    child          TEXT   NOT NULL,
    alert          TEXT,
    alert_revision BIGINT,
    reason         TEXT,
    at_us          BIGINT NOT NULL,
    PRIMARY KEY (region, recipient, number)
);
CREATE TABLE inbox_held (
    region         TEXT   NOT NULL,
    child          TEXT   NOT NULL,
    recipient      TEXT   NOT NULL,
    alert          TEXT   NOT NULL,
    alert_revision BIGINT NOT NULL,
    PRIMARY KEY (region, child, recipient, alert)
);
CREATE INDEX inbox_held_by_recipient ON inbox_held (region, recipient, child);

-- Deliveries that follow later: a start or end date that arrives, an organization-wide change.
CREATE TABLE backfills (
    region   TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    due_us   BIGINT NOT NULL,
    facility TEXT,
    child    TEXT,
    cursor   TEXT   NOT NULL,
    PRIMARY KEY (region, id)
);
CREATE INDEX backfills_due ON backfills (region, due_us);
