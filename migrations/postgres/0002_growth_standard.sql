-- Whose growth classes raise alerts in a region: WST423 (WS/T 423-2022) or WHO (2006 and 2007).
-- The default lets a gateway of the previous version, which names no standard, go on founding regions.
ALTER TABLE regions ADD COLUMN growth_standard TEXT NOT NULL DEFAULT 'WST423';
