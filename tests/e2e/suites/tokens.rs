//! The two tokens of a login: one that identifies the user, on the team domain, and one that
//! opens one application, on its hostname.

mod after_login;
mod forged;
