-- Who is signed in to the console, and links that sign in once, as the SHA-256 of their secret.
CREATE TABLE sessions (
    sha256 BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    -- The key it stands for, by its id.
    key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_over ON sessions (expires_at);
