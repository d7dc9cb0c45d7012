-- Whether a commission was told of a facility is asked whenever an alert is left alone that long.
CREATE INDEX inbox_notices_of_facility ON inbox_notices (region, recipient, facility, at_us);
