//! What a run leaves behind: logs and the database hold nothing that opens anything.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::Stand;

const FILES: [&str; 5] = [
    "control.log",
    "envoy.log",
    "access.log",
    "data/portcullis.db",
    "data/portcullis.db-wal",
];

impl Stand {
    /// Ensures that no log, and neither file of the database, holds one of these texts. `path` is of
    /// the requests that showed them: Envoy writes its log a moment later.
    ///
    /// # Errors
    /// When a file holds one, or cannot be read.
    pub fn ensure_kept_nowhere(&self, secrets: &[&str], path: &str) -> Result<()> {
        self.access_log_of(path)?;
        for file in FILES {
            let bytes = fs::read(self.deployment.directory().join(file));
            let bytes = bytes.with_context(|| file.to_owned())?;
            let text = String::from_utf8_lossy(&bytes);
            let holds_one = secrets.iter().any(|secret| text.contains(secret));
            ensure!(!holds_one, "{file} holds a secret");
        }
        Ok(())
    }
}
