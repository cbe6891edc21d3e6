//! One application on every hostname one label below a domain.

mod attacks;
mod browser;
mod envoy;

use std::sync::LazyLock;

use anyhow::{Result, anyhow};
use portcullis_e2e::sites::PREVIEWS;
use portcullis_e2e::{Application, ApplicationSettings, stand};

/// The only application that can have them all.
fn previews() -> Result<&'static Application> {
    static PREVIEW: LazyLock<Result<Application>> = LazyLock::new(|| {
        let settings = ApplicationSettings {
            binding_cookie: true,
            ..ApplicationSettings::default()
        };
        stand()?.application_on(&format!("*.{PREVIEWS}"), &settings)
    });
    PREVIEW.as_ref().map_err(|error| anyhow!("{error:#}"))
}
