//! `portcullis-control try`, and the demo that is built on it, run as people run them.

mod authority;
mod command;
mod demo;
mod ends;
mod guards;
mod installed;
mod ports;
