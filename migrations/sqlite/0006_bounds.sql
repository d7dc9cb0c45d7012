-- Used idempotency keys by age, so that the oldest can go.
CREATE INDEX push_keys_by_age ON push_keys (region, created_us);
