//! What else is in the feed: applications and revocations that no test looks at.

use std::fmt::Write;

use anyhow::Result;
use portcullis::time::UnixSeconds;
use portcullis_control::audit::Initiator;
use portcullis_control::storage::{ApplicationRevocation, Database};
use portcullis_demo::control::ControlService;

const APPLICATIONS: u32 = 20;
/// Revocations of audiences that no application has: no test waits for their effect.
pub const REVOCATIONS: u32 = 1_000;
const REVOCATION: ApplicationRevocation = ApplicationRevocation {
    // No test runs until then, 2100-01-01.
    until: UnixSeconds::new(4_102_444_800),
    fresh: false,
};

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

/// Adds revocations, as another replica of the control service would: through the database.
pub(crate) fn add_revocations(control: &ControlService) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let url = format!("sqlite://{}", control.database().display());
        // The epoch counts for a new database only.
        let database = Database::open(&url, "").await?;
        let by = Initiator::system("test");
        for number in 0..REVOCATIONS {
            let audience = format!("{number:064x}");
            let revoked = database.revoke_application((&audience, ""), REVOCATION, &by);
            revoked.await?;
        }
        database.close().await;
        Ok(())
    })
}
