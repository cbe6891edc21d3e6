//! The two tokens of a login: one that says who somebody is, on the team domain, and one that
//! opens one application, on its hostname.

mod after_login;
mod forged;
