-- The words of addresses and names, by whose beginnings users are found. Written with the user; users of
-- before get theirs when the service starts.
CREATE TABLE user_words (
    word    TEXT COLLATE "C" NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (word, user_id)
);
CREATE INDEX user_words_of_user ON user_words (user_id, word);

CREATE INDEX users_by_sign_in ON users ((COALESCE(last_sign_in_at, -1)), id);
