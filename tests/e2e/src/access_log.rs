//! Envoy's access log.

use std::fs;
use std::time::Duration;

use anyhow::Result;
use portcullis_demo::wait;
use serde::Deserialize;

use crate::{Application, Stand};

const FLUSH_LIMIT: Duration = Duration::from_secs(5);

/// A line.
#[derive(Debug, Clone, Deserialize)]
pub struct Entry {
    /// The method.
    pub method: Option<String>,
    /// The host and port asked for.
    pub host: Option<String>,
    /// The path, without the query.
    pub path: Option<String>,
    /// The status.
    pub status: u16,
    /// `access.<reason>` where the filter answered.
    pub details: Option<String>,
}

impl Stand {
    /// The first line for a path, which Envoy writes a moment after the request's end.
    ///
    /// # Errors
    /// When none comes.
    pub fn access_log_of(&self, path: &str) -> Result<Entry> {
        self.access_log(|entry| entry.path.as_deref() == Some(path))
    }

    /// The first line for a path of an application.
    ///
    /// # Errors
    /// When none comes.
    pub fn access_log_at(&self, application: &Application, path: &str) -> Result<Entry> {
        self.access_log(|entry| {
            entry.host.as_deref() == Some(application.authority())
                && entry.path.as_deref() == Some(path)
        })
    }

    fn access_log(&self, fits: impl Fn(&Entry) -> bool) -> Result<Entry> {
        let file = self.deployment.directory().join("access.log");
        wait::until("a line of the access log", FLUSH_LIMIT, || {
            let text = fs::read_to_string(&file)?;
            // The last line may be half written.
            let mut entries = text.lines().map_while(|line| parse(line).ok());
            Ok(entries.find(&fits))
        })
    }

    /// How often an application answered a path so, as far as the log is written: wait for the
    /// line of a later request first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn count_in_access_log(
        &self,
        application: &Application,
        (path, details): (&str, &str),
    ) -> Result<usize> {
        let file = self.deployment.directory().join("access.log");
        let text = fs::read_to_string(&file)?;
        let entries = text.lines().map_while(|line| parse(line).ok());
        let fits = |entry: &Entry| {
            entry.host.as_deref() == Some(application.authority())
                && entry.path.as_deref() == Some(path)
                && entry.details.as_deref() == Some(details)
        };
        Ok(entries.filter(fits).count())
    }
}

fn parse(line: &str) -> serde_json::Result<Entry> {
    serde_json::from_str(line)
}
