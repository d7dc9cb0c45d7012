-- The facility whose matter alone an alert is: a check that it asks for before it lets the child in. NULL for
-- what is said of the child wherever it is. A gateway of before writes none; while both run, such an alert ends and
-- is raised again as one and the other assess the child.
ALTER TABLE alerts ADD COLUMN facility TEXT;
-- Entry checks that stand are seen by every facility in reach: their children are assessed anew.
UPDATE children SET assessed_by = '' WHERE EXISTS (
    SELECT 1 FROM alerts a WHERE a.region = children.region AND a.child = children.id
        AND a.category = 'ENTRY_CHECK' AND a.state IN ('OPEN', 'ACKNOWLEDGED'));
