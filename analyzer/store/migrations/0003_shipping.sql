-- Shipping to another place. What is written once is its own outbox, in the order of `seq`: a cursor says how far it was shipped. What changes in
-- place is queued by id, once however often it changes, and shipped as it is then; `changes` tells whether it changed while it was under way.

-- One row a kind while shipping is on. `cursor`: the last `seq` that needs no shipping any more. `given_up`: how many were not shipped for want of room or time.
CREATE TABLE shipping (
  kind TEXT PRIMARY KEY,
  cursor INTEGER NOT NULL,
  shipped INTEGER NOT NULL,
  given_up INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  changes INTEGER NOT NULL DEFAULT 1,
  queued INTEGER NOT NULL,
  UNIQUE (kind, id)
) STRICT;

CREATE INDEX outbox_by_kind ON outbox (kind, seq);

-- What the other side refused for good: what was sent, and why.
CREATE TABLE dead_letters (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  action TEXT NOT NULL,
  source TEXT NOT NULL,
  UNIQUE (kind, id)
) STRICT;

-- Flows and summaries of what comes again and again are shipped apart from what stands alone.
ALTER TABLE observations ADD COLUMN stream TEXT NOT NULL DEFAULT 'observations';
UPDATE observations SET stream = 'flows' WHERE json_extract(json, '$.kind') = 'flow' OR json_type(json, '$.json.summary') IS NOT NULL;
CREATE INDEX observations_by_stream ON observations (stream, seq);

CREATE TRIGGER findings_queued AFTER INSERT ON findings WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('findings', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER findings_requeued AFTER UPDATE ON findings
WHEN old.json <> new.json AND EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('findings', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER assets_queued AFTER INSERT ON assets WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('assets', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER assets_requeued AFTER UPDATE ON assets
WHEN old.wire <> new.wire AND EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('assets', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER facts_queued AFTER INSERT ON facts WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('facts', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER facts_requeued AFTER UPDATE ON facts
WHEN old.json <> new.json AND EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('facts', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER conversations_queued AFTER INSERT ON conversations WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('conversations', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER conversations_requeued AFTER UPDATE ON conversations
WHEN old.json <> new.json AND EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('conversations', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER registers_queued AFTER INSERT ON registers WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('registers', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
CREATE TRIGGER registers_requeued AFTER UPDATE ON registers
WHEN old.json <> new.json AND EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('registers', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;

CREATE TRIGGER tag_lists_queued AFTER INSERT ON tag_lists WHEN EXISTS (SELECT 1 FROM shipping) BEGIN
  INSERT INTO outbox (kind, id, queued) VALUES ('taglists', new.id, unixepoch('subsec') * 1000) ON CONFLICT DO UPDATE SET changes = changes + 1;
END;
