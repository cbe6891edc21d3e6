-- One spelling for one person. The service computes these at its start, where SQL cannot.
-- What the address is compared by; NULL: not computed yet.
ALTER TABLE users ADD COLUMN email_normal  TEXT;
-- 1: another user with a password has the same address, so this one cannot sign in.
ALTER TABLE users ADD COLUMN address_taken BIGINT NOT NULL DEFAULT 0;
DROP INDEX users_with_password;
DROP INDEX users_by_email;
CREATE UNIQUE INDEX users_with_password ON users (email_normal)
    WHERE password_hash IS NOT NULL AND address_taken = 0;
CREATE INDEX users_by_email_normal ON users (email_normal);
CREATE INDEX users_by_email ON users (email, id);
