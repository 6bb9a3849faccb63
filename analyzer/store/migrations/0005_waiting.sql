-- For how long what is written once has been waiting to be shipped: all of a kind up to `seq`, for `waited` ms. Counted while Stillwatch runs, since
-- neither the clock of a capture nor that of a machine without a battery tells it.
CREATE TABLE waits (
  kind TEXT NOT NULL,
  seq INTEGER NOT NULL,
  waited INTEGER NOT NULL,
  PRIMARY KEY (kind, seq)
) STRICT, WITHOUT ROWID;
