//! Clients that are no browsers show a token in a header, where the application allows it.

mod command_line;
mod ends;
mod pages;
mod places;
mod secrets;
mod wrong;
