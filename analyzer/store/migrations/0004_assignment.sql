-- Whose a finding is ('' nobody's), and until when nobody wants to see it: 0 for never, microseconds since the epoch otherwise, with who said so and why as JSON.
ALTER TABLE findings ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE findings ADD COLUMN suppressed_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE findings ADD COLUMN suppressed TEXT NOT NULL DEFAULT '';

DROP INDEX findings_by_choice;
CREATE INDEX findings_by_choice ON findings (status, level, rule, assignee, last_seen, opened, suppressed_until);
-- Findings of a device are counted without being read.
DROP INDEX findings_by_actor;
DROP INDEX findings_by_target;
CREATE INDEX findings_by_actor ON findings (actor, target, status, level, rule, assignee, suppressed_until);
CREATE INDEX findings_by_target ON findings (target, status, level, rule, assignee, suppressed_until);
-- They are few: each was suppressed by hand.
CREATE INDEX findings_suppressed ON findings (suppressed_until, status, level, rule, assignee) WHERE suppressed_until > 0;

DROP TRIGGER findings_counted;
DROP TRIGGER findings_recounted;
DROP TABLE finding_counts;

CREATE TABLE finding_counts (
  status TEXT NOT NULL,
  level TEXT NOT NULL,
  rule TEXT NOT NULL,
  assignee TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (status, level, rule, assignee)
) STRICT, WITHOUT ROWID;

INSERT INTO finding_counts SELECT status, level, rule, assignee, count(*) FROM findings GROUP BY status, level, rule, assignee;

CREATE TRIGGER findings_counted AFTER INSERT ON findings BEGIN
  INSERT INTO finding_counts VALUES (new.status, new.level, new.rule, new.assignee, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER findings_recounted AFTER UPDATE OF status, level, rule, assignee ON findings
WHEN old.status <> new.status OR old.level <> new.level OR old.rule <> new.rule OR old.assignee <> new.assignee BEGIN
  UPDATE finding_counts SET n = n - 1 WHERE status = old.status AND level = old.level AND rule = old.rule AND assignee = old.assignee;
  INSERT INTO finding_counts VALUES (new.status, new.level, new.rule, new.assignee, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
