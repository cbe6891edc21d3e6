//! The host that all tricks are tried on, behind two listeners of one Envoy.

use std::sync::LazyLock;

use anyhow::{Context, Result, anyhow, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::{Allow, User};
use portcullis_e2e::request::Door;
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

use super::origin::raw_origin;

/// The listener that leaves paths as they come.
const AS_SENT: &str = "paths-as-sent";

/// Two applications on a host, and whom they admit.
pub struct Site {
    /// The stand.
    pub stand: Stand,
    /// At `/`: every user; `/public/` without a session.
    pub lax: Application,
    /// At `/admin`: one user; `/admin/public/` without a session.
    pub strict: Application,
    /// UserSelector both admit.
    pub insider: User,
    /// UserSelector `/` alone admits.
    pub outsider: User,
}

/// The site of this process.
///
/// # Errors
/// When it did not start.
pub fn site() -> Result<&'static Site> {
    static SITE: LazyLock<Result<Site>> = LazyLock::new(Site::start);
    SITE.as_ref()
        .map_err(|error| anyhow!("the site did not start: {error:#}"))
}

impl Site {
    fn start() -> Result<Self> {
        let directory = directories::of_stand("paths")?;
        let stand = Stand::start_changed(&directory, with_listener_of_paths_as_sent)?;
        let (insider, outsider) = (stand.user()?, stand.user()?);
        let lax = stand.application(&ApplicationSettings {
            options: &["--bypass", "/public/*"],
            ..ApplicationSettings::default()
        })?;
        let strict = stand.application_below(
            &lax,
            "/admin",
            &ApplicationSettings {
                allow: Allow::Emails(&[&insider.email]),
                options: &["--bypass", "/admin/public/*"],
                ..ApplicationSettings::default()
            },
        )?;
        Ok(Self {
            stand,
            lax,
            strict,
            insider,
            outsider,
        })
    }

    /// The listeners: whether each normalises paths, and the way in.
    ///
    /// # Errors
    /// When Envoy does not say where it listens.
    pub fn doors(&self) -> Result<[(&'static str, Door<'_>); 2]> {
        let shipped = self.stand.door(&self.lax);
        let port = self
            .stand
            .deployment
            .envoy
            .admin()
            .listener(AS_SENT)?
            .port();
        let as_sent = Door { port, ..shipped };
        Ok([("normalised", shipped), ("as sent", as_sent)])
    }

    /// A browser in which a user has signed in at a path.
    ///
    /// # Errors
    /// When that does not lead to the path.
    pub fn sign_in(&self, user: &User, path: &str) -> Result<Browser> {
        let mut browser = self.stand.browser()?;
        let url = self.lax.url(path);
        let page = browser.sign_in(&url, user)?;
        ensure!(page.url.as_str() == url, "signed in, and then {}", page.url);
        ensure!(page.status == 200, "signed in, and then {}", page.status);
        Ok(browser)
    }
}

/// The bootstrap with its listener once more, which leaves paths as they come, and with an origin
/// that keeps what it receives.
fn with_listener_of_paths_as_sent(yaml: String) -> Result<String> {
    let text = bootstrap::with_quiet_listener(yaml)?;
    let mut bootstrap: Value = serde_json::from_str(&text)?;
    let listeners = bootstrap.pointer_mut("/static_resources/listeners");
    let listeners = listeners.and_then(Value::as_array_mut).context("no list")?;
    let mut listener = listeners.first().context("no listener")?.clone();
    let manager = "/filter_chains/0/filters/0/typed_config";
    for (path, value) in [
        ("/name".to_owned(), json!(AS_SENT)),
        ("/address/socket_address/port_value".to_owned(), json!(0)),
        (format!("{manager}/normalize_path"), json!(false)),
        (format!("{manager}/merge_slashes"), json!(false)),
        (
            format!("{manager}/path_with_escaped_slashes_action"),
            json!("KEEP_UNCHANGED"),
        ),
    ] {
        *listener.pointer_mut(&path).with_context(|| path)? = value;
    }
    listeners.push(listener);
    let origin = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0\
                  /endpoint/address/socket_address/port_value";
    *bootstrap.pointer_mut(origin).context("no origin")? = json!(raw_origin()?.port);
    Ok(serde_json::to_string_pretty(&bootstrap)?)
}
