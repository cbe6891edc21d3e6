//! The feed's clients: waking their long polls, and what each proxy has applied.

pub mod notifier;
pub mod proxies;
