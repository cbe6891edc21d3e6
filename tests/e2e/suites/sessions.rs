//! Seeing and ending sessions: by an administrator, and by their own user.

mod fresh_login;
mod launcher;
mod list;
mod one;
mod own_page;
mod own_password;
mod sign_out;
