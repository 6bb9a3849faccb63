-- What was refused is made anew from what it is when it is sent again: an old document must not go over a newer one.
ALTER TABLE dead_letters DROP COLUMN action;
ALTER TABLE dead_letters DROP COLUMN source;
CREATE INDEX dead_letters_by_kind ON dead_letters (kind, seq);

-- To which cluster, under which prefix and name of the site things were shipped: another one gets everything.
CREATE TABLE shipped_to (
  target TEXT NOT NULL
) STRICT;
