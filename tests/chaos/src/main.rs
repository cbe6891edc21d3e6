//! `make chaos N=200`: two Envoys and the control service are killed and restarted, and the
//! feed's pages are delayed, cut, truncated and repeated, at random points, while
//! a user's session is revoked. At the end of each seed every filter must hold exactly what the
//! database holds, and the revoked session may not have been admitted after all proxies had
//! reported that it is.
//!
//! A seed that fails is printed; `make chaos SEED=…` repeats its choices. The machine's own
//! timing is not repeatable.

mod holdings;
mod prober;
mod proxies;
mod relay;
mod storm;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};

use proxies::Site;

const DEFAULT_SEEDS: u64 = 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let seeds = seeds()?;
    let count = seeds.len();
    let mut site = Site::start().context("the site did not start")?;
    for (number, seed) in seeds.into_iter().enumerate() {
        let told = storm::run(&mut site, seed)
            .with_context(|| format!("try it again with `make chaos SEED={seed}`"))?;
        say(&format!("{}/{count} seed {seed}: {told}", number + 1));
    }
    Ok(())
}

/// `SEED` alone, or as many as the first argument says.
fn seeds() -> Result<Vec<u64>> {
    if let Ok(seed) = std::env::var("SEED")
        && !seed.is_empty()
    {
        return Ok(vec![seed.parse().context("SEED is no number")?]);
    }
    let wanted = match std::env::args().nth(1) {
        Some(wanted) => wanted.parse().context("the number of seeds is none")?,
        None => DEFAULT_SEEDS,
    };
    // Short ones, to be typed again.
    Ok((0..wanted).map(|_| fastrand::u64(..1_000_000)).collect())
}

fn say(line: &str) {
    // A closed pipe is no error.
    let _ = writeln!(stdout(), "{line}");
}
