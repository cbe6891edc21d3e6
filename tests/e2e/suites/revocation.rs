//! Revocation: what an administrator ends is over at every worker, and only that.

mod application;
mod credential;
mod login_block;
mod removed_application;
mod removed_user;
mod speed;
mod user;
