//! What each kind of request gets without a good session, at both protocols: the rows of what
//! makes a kind, against the reasons that a session can be bad for.

mod across_origins;
mod expected;
mod preflight;
mod requests;
mod without_session;
