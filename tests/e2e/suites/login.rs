//! Signing in: who gets a token, and who does not.

mod policy;
