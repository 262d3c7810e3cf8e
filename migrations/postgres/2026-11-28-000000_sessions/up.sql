-- Who is signed in to the console, and links that sign in once, as the SHA-256 of their secret.
CREATE TABLE sessions (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    -- The key it stands for, by its id.
    key UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX sessions_over ON sessions (expires_at);
