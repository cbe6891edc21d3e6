//! The two ways of checking a signature: that they say the same, and which of them ran.

mod verdicts;
mod which_path;
