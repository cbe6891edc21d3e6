//! What Chromium finds when it starts: an authority to trust, and settings about cookies.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::sites;

/// Chromium's own directory.
pub(super) const USER_DATA: &str = "profile";

/// Values of Chromium's setting of a site's cookies.
const ALLOW: u8 = 1;
const BLOCK: u8 = 2;

/// Makes a home directory for Chromium.
pub(super) fn make(directory: &Path, authority: &Path) -> Result<()> {
    trust(directory, authority)?;
    let settings = directory.join(USER_DATA).join("Default");
    fs::create_dir_all(&settings)?;
    fs::write(settings.join("Preferences"), preferences().to_string())?;
    Ok(())
}

/// Where Chromium looks for authorities beside its own.
fn trust(home: &Path, authority: &Path) -> Result<()> {
    let database = home.join(".pki/nssdb");
    fs::create_dir_all(&database)?;
    let database = format!("sql:{}", database.display());
    certutil(&["-N", "-d", &database, "--empty-password"])?;
    let authority = authority.to_str().context("a path that is no text")?;
    certutil(&[
        "-A", "-d", &database, "-n", "stand", "-t", "C,,", "-i", authority,
    ])
}

fn certutil(arguments: &[&str]) -> Result<()> {
    let output = Command::new("certutil")
        .args(arguments)
        .output()
        .context("certutil is missing: run `make chromium`")?;
    ensure!(
        output.status.success(),
        "certutil {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Cookies of other sites are blocked in frames, but for the exceptions: a pattern is the
/// cookie's site, then the page's.
fn preferences() -> Value {
    let mut exceptions = serde_json::Map::new();
    for (pattern, setting) in [
        (format!("*,[*.]{}", sites::EMBEDDING), ALLOW),
        (format!("[*.]{},*", sites::WITHOUT_COOKIES), BLOCK),
    ] {
        exceptions.insert(pattern, json!({ "setting": setting }));
    }
    json!({ "profile": {
        // 1: block those of third parties.
        "cookie_controls_mode": 1,
        "block_third_party_cookies": true,
        "content_settings": { "exceptions": { "cookies": exceptions } },
    } })
}
