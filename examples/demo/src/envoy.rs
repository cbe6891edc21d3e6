//! Envoy as a child process.

pub mod admin;

use std::path::PathBuf;

use anyhow::Result;
pub use portcullis_control::local::envoy::{DRAIN, Settings};

use admin::Admin;

use crate::process::Process;

/// A running Envoy.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: Admin,
}

impl Envoy {
    /// Starts Envoy and waits until it takes requests.
    ///
    /// # Errors
    /// When Envoy ends, with the end of its log, or is not ready in a minute.
    pub fn start(settings: &Settings<'_>) -> Result<Self> {
        let (process, address) = portcullis_control::local::envoy::start(settings)?;
        Ok(Self {
            process,
            admin: Admin::new(address)?,
        })
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The file with Envoy's own log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.process.log().to_owned()
    }

    /// Its admin endpoint.
    #[must_use]
    pub fn admin(&self) -> &Admin {
        &self.admin
    }
}
