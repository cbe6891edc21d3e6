//! The bench's own end: by a signal, or when it has taken too long.
//!
//! Children ask the kernel to be killed when this process ends (see `portcullis_demo::process`),
//! so that exiting is enough at any point of a measurement.

use std::process::exit;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// As shells say of what SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Leaves on Ctrl-C and its like, and after `limit`.
///
/// # Errors
/// When signals cannot be watched.
pub fn keep_in_hand(limit: Duration) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            eprintln!("\nended before the report was written");
            exit(INTERRUPTED);
        }
    });
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("error: not done after {limit:?}: the machine is too busy to be measured");
        exit(1);
    });
    Ok(())
}
