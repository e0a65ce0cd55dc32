"""The tables of the service database, and their version."""

SCHEMA = 1

TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, role TEXT NOT NULL, scopes TEXT NOT NULL,
    rate INTEGER, tokens INTEGER, dollars REAL, created REAL NOT NULL, revoked REAL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, at REAL NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL, fingerprint TEXT NOT NULL,
    input TEXT, audited INTEGER NOT NULL, same_as TEXT, digest TEXT NOT NULL, risk REAL NOT NULL,
    state TEXT NOT NULL, layer TEXT, confidence REAL, seconds REAL NOT NULL, dollars REAL NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, by TEXT, body TEXT
);
CREATE INDEX IF NOT EXISTS requests_at ON requests (at);
CREATE UNIQUE INDEX IF NOT EXISTS requests_same ON requests (key, same_as) WHERE same_as IS NOT NULL;

CREATE TABLE IF NOT EXISTS cites (
    base TEXT, document TEXT, request TEXT, PRIMARY KEY (base, document, request)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS items (
    ticket TEXT PRIMARY KEY, kind TEXT NOT NULL, model TEXT NOT NULL, created REAL NOT NULL, risk REAL NOT NULL,
    uncertainty REAL NOT NULL, blind INTEGER NOT NULL, state TEXT NOT NULL, lease TEXT, reviewer TEXT, until REAL,
    skipped INTEGER NOT NULL DEFAULT 0, source TEXT NOT NULL DEFAULT 'serve'
);
CREATE INDEX IF NOT EXISTS items_state ON items (state, model);

CREATE TABLE IF NOT EXISTS decisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL, reviewer TEXT NOT NULL, action TEXT NOT NULL,
    answer TEXT, comment TEXT NOT NULL, seen TEXT NOT NULL, at REAL NOT NULL, release_at REAL NOT NULL,
    released_at REAL, undone_at REAL
);
CREATE UNIQUE INDEX IF NOT EXISTS decisions_one ON decisions (ticket) WHERE undone_at IS NULL;
CREATE INDEX IF NOT EXISTS decisions_due ON decisions (release_at) WHERE released_at IS NULL AND undone_at IS NULL;

CREATE TABLE IF NOT EXISTS audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL UNIQUE, model TEXT NOT NULL,
    fingerprint TEXT NOT NULL, wrong INTEGER NOT NULL, at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS audit_of ON audit (model, fingerprint);

CREATE TABLE IF NOT EXISTS alarms (
    number INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, fingerprint TEXT NOT NULL, reason TEXT NOT NULL,
    at REAL NOT NULL, cleared_at REAL, cleared_by TEXT
);

CREATE TABLE IF NOT EXISTS spending (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, what TEXT NOT NULL, reserved INTEGER NOT NULL, paid INTEGER,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS spending_key ON spending (key);

CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT, request TEXT NOT NULL, key TEXT NOT NULL, is_right INTEGER NOT NULL,
    answer TEXT, comment TEXT NOT NULL, at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS examples (
    number INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, input TEXT NOT NULL, label TEXT NOT NULL,
    by TEXT NOT NULL, at REAL NOT NULL
);

CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, base TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    passages INTEGER NOT NULL, bytes INTEGER NOT NULL, at REAL NOT NULL, by TEXT NOT NULL
);
"""
