// The ledger's tables. A serial is bound to a chip once and for ever; runs and steps are only added to and closed.

export const SCHEMA_VERSION = 1;

export const SCHEMA = `
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value ANY) STRICT;
CREATE TABLE IF NOT EXISTS plan (
  position INTEGER PRIMARY KEY,
  serial TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  colour TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS unit (
  serial TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  colour TEXT NOT NULL,
  chip TEXT NOT NULL UNIQUE,
  reserved_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  station TEXT NOT NULL,
  port TEXT NOT NULL,
  usb_id TEXT,
  board TEXT NOT NULL,
  image TEXT NOT NULL,
  version INTEGER NOT NULL,
  chip TEXT,
  serial TEXT REFERENCES unit (serial),
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  verdict TEXT CHECK (verdict IN ('passed', 'failed', 'interrupted', 'bench')),
  cause TEXT,
  CHECK ((ended_at IS NULL) = (verdict IS NULL))
) STRICT;
CREATE TABLE IF NOT EXISTS step (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  run INTEGER NOT NULL REFERENCES run (id),
  name TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome TEXT CHECK (outcome IN ('passed', 'failed')),
  detail TEXT
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_pass ON run (serial) WHERE verdict = 'passed';
CREATE INDEX IF NOT EXISTS step_run ON step (run);
CREATE INDEX IF NOT EXISTS run_open ON run (station) WHERE verdict IS NULL;
`;
