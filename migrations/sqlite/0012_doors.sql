-- The facility whose matter alone an alert is: a check that it asks for before it lets the child in. NULL for
-- what is said of the child wherever it is. A gateway of before writes none: every facility in reach sees its
-- alert until the child is next assessed.
ALTER TABLE alerts ADD COLUMN facility TEXT;
