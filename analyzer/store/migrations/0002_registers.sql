-- The register map: a document a table of a unit of a server. `space` is the Modbus table.
CREATE TABLE registers (
  id TEXT PRIMARY KEY,
  server TEXT NOT NULL,
  unit INTEGER NOT NULL,
  space TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX registers_by_server ON registers (server, unit, space);

-- Tag lists as they were imported. `counts` is 1 for the one list of an owner that does: see decisions of kind 'tags'.
CREATE TABLE tag_lists (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  file TEXT NOT NULL,
  tags INTEGER NOT NULL,
  counts INTEGER NOT NULL
) STRICT;

CREATE INDEX tag_lists_by_owner ON tag_lists (owner, seq);

-- Their tags, in runs of up to a few hundred of one table, so that a page of points reads a run or two.
CREATE TABLE tag_runs (
  seq INTEGER PRIMARY KEY,
  list TEXT NOT NULL REFERENCES tag_lists (id) ON DELETE CASCADE,
  server TEXT NOT NULL,
  unit INTEGER NOT NULL,
  space TEXT NOT NULL,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX tag_runs_by_list ON tag_runs (list);
CREATE INDEX tag_runs_by_place ON tag_runs (server, unit, space, first);
