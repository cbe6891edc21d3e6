//! Chromium, driven over its DevTools protocol: what browsers really send, keep and show.
//!
//! One Chromium serves all tests of a process, and ends with it. Each test has [`Visitor`]s:
//! people with cookies, storage and cache of their own. It trusts the shared stand's authority,
//! so certificates are judged as everywhere, and it can reach nothing but `localhost`.
//!
//! Cookies of other sites are blocked in frames, as they are for most people, and none are kept
//! at all for some hostnames: [`crate::sites`] says for which.

mod input;
mod lying_page;
mod profile;
mod program;
mod quic;
mod tab;
mod visitor;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chromiumoxide::Browser;
use chromiumoxide::handler::HandlerConfig;
use futures_util::StreamExt;
use portcullis_demo::process::Process;
use tokio::runtime::{Builder, Runtime};

pub use input::SIGN_IN;
pub use quic::visitor_by_http3;
pub use tab::Tab;
pub use visitor::{Cookie, SameSite, Visitor};

use crate::{directories, stand};

/// Longer than anything takes that works.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A running Chromium.
pub(crate) struct Chromium {
    browser: Browser,
    /// Carries the connection to it; tests wait for what they ask.
    runtime: Runtime,
    /// Where screenshots go.
    screenshots: PathBuf,
    _process: Process,
}

/// A visitor with a browser of their own.
///
/// # Errors
/// When Chromium did not start: the same error for all who ask.
pub fn visitor() -> Result<Visitor> {
    static CHROMIUM: LazyLock<Result<Chromium>> = LazyLock::new(|| {
        let authority = &stand()?.deployment.certificates.authority;
        Chromium::start("chromium", authority, &[])
    });
    let chromium = CHROMIUM
        .as_ref()
        .map_err(|error| anyhow!("Chromium did not start: {error:#}"))?;
    Visitor::new(chromium)
}

/// A visitor with a Chromium of their own, which trusts another stand's authority. It ends with this
/// process.
///
/// # Errors
/// When Chromium does not start.
pub fn visitor_trusting(name: &str, authority: &Path) -> Result<Visitor> {
    let chromium = Chromium::start(name, authority, &[])?;
    // Tabs refer to it until the process ends.
    Visitor::new(Box::leak(Box::new(chromium)))
}

impl Chromium {
    /// Starts it in the directory of a name, with an authority to trust.
    fn start(name: &str, authority: &Path, arguments: &[String]) -> Result<Self> {
        let directory = directories::of_stand(name)?;
        profile::make(&directory, authority)?;
        let screenshots = directory.join("screenshots");
        std::fs::create_dir(&screenshots)?;
        let (process, address) = program::start(&directory, arguments)
            .with_context(|| format!("its log is in {}", directory.display()))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let browser = runtime.block_on(connect(address))?;
        Ok(Self {
            browser,
            runtime,
            screenshots,
            _process: process,
        })
    }
}

async fn connect(address: String) -> Result<Browser> {
    let config = HandlerConfig {
        // Certificates are judged: a service worker needs one that is good.
        ignore_https_errors: false,
        viewport: None,
        request_timeout: LIMIT,
        ..HandlerConfig::default()
    };
    let (browser, mut handler) = Browser::connect_with_config(address, config).await?;
    // Messages that the library does not know are none of a test's business.
    tokio::spawn(async move { while handler.next().await.is_some() {} });
    Ok(browser)
}
