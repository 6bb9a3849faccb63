-- Times are whole microseconds since the epoch: texts of different precision do not sort. The JSON is what was saved; the columns
-- beside it are what is searched, sorted, counted or decided by people.

CREATE TABLE findings (
  id TEXT PRIMARY KEY,
  opened INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  risk REAL NOT NULL,
  count REAL NOT NULL,
  status TEXT NOT NULL,
  level TEXT NOT NULL,
  rule TEXT NOT NULL,
  actor TEXT,
  target TEXT,
  resolution TEXT,
  decided_by TEXT,
  search TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

-- Each sort carries the columns of the filters, so that rows passed over are never read.
CREATE INDEX findings_by_last_seen ON findings (last_seen, id, status, level, rule);
CREATE INDEX findings_by_opened ON findings (opened, id, status, level, rule);
CREATE INDEX findings_by_risk ON findings (risk, id, status, level, rule);
CREATE INDEX findings_by_count ON findings (count, id, status, level, rule);
-- For filters that few findings pass, and for counting within a time.
CREATE INDEX findings_by_choice ON findings (status, level, rule, last_seen, opened);
CREATE INDEX findings_by_actor ON findings (actor);
CREATE INDEX findings_by_target ON findings (target);

-- How many findings there are of each combination: totals and facets without reading a finding.
CREATE TABLE finding_counts (
  status TEXT NOT NULL,
  level TEXT NOT NULL,
  rule TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (status, level, rule)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER findings_counted AFTER INSERT ON findings BEGIN
  INSERT INTO finding_counts VALUES (new.status, new.level, new.rule, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER findings_recounted AFTER UPDATE OF status, level, rule ON findings
WHEN old.status <> new.status OR old.level <> new.level OR old.rule <> new.rule BEGIN
  UPDATE finding_counts SET n = n - 1 WHERE status = old.status AND level = old.level AND rule = old.rule;
  INSERT INTO finding_counts VALUES (new.status, new.level, new.rule, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TABLE assets (
  id TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  address_key TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  search TEXT NOT NULL,
  json TEXT NOT NULL,
  wire TEXT NOT NULL
) STRICT;

CREATE INDEX assets_by_address ON assets (address);
CREATE INDEX assets_by_address_key ON assets (address_key, id);
CREATE INDEX assets_by_first_seen ON assets (first_seen, id);
CREATE INDEX assets_by_last_seen ON assets (last_seen, id);

-- What assets are filtered and counted by: addresses, roles, protocols, vendors.
CREATE TABLE asset_values (
  asset TEXT NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (asset, name, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX asset_values_by_value ON asset_values (name, value, asset);

CREATE TABLE facts (
  id TEXT PRIMARY KEY,
  first_seen INTEGER NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  server TEXT NOT NULL,
  client TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX facts_by_first_seen ON facts (first_seen, id, kind, state, server, client);
CREATE INDEX facts_by_server ON facts (server, first_seen, id);
CREATE INDEX facts_by_client ON facts (client, first_seen, id);

CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  last_seen INTEGER NOT NULL,
  client TEXT NOT NULL,
  server TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX conversations_by_last_seen ON conversations (last_seen, id);
CREATE INDEX conversations_by_client ON conversations (client);
CREATE INDEX conversations_by_server ON conversations (server);

CREATE TABLE observations (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  source TEXT NOT NULL,
  destination TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX observations_by_time ON observations (at, seq);
CREATE INDEX observations_by_source ON observations (source, at);
CREATE INDEX observations_by_destination ON observations (destination, at);

CREATE TABLE observation_frames (
  frame INTEGER NOT NULL,
  observation INTEGER NOT NULL REFERENCES observations (seq) ON DELETE CASCADE,
  PRIMARY KEY (frame, observation)
) STRICT, WITHOUT ROWID;

CREATE INDEX observation_frames_by_observation ON observation_frames (observation);

CREATE TABLE health (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  digest TEXT NOT NULL UNIQUE,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX health_by_time ON health (at, seq);

CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;

CREATE INDEX decisions_by_subject ON decisions (kind, subject, at, seq);

CREATE TRIGGER decisions_stay BEFORE DELETE ON decisions BEGIN SELECT raise(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_stand BEFORE UPDATE ON decisions BEGIN SELECT raise(ABORT, 'decisions are append-only'); END;

-- hash = SHA-256 of prev, a line feed and line; id = SHA-256 of line, so that a repeated line is written once.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL,
  id TEXT NOT NULL UNIQUE,
  line TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT raise(ABORT, 'the audit trail is append-only'); END;
