//! The host that all tricks are tried on, behind two listeners of one Envoy.

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::{Allow, User};
use portcullis_demo::wait;
use portcullis_e2e::request::{Door, PROTOCOLS, Request};
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

use super::origin::raw_origin;

/// The listener that leaves paths as they come.
const AS_SENT: &str = "paths-as-sent";
/// The listener on which a filter before ours gives requests the `connection` of [`NAMES`]. Envoy
/// itself leaves none in a request that is no upgrade.
const WITH_CONNECTION: &str = "with-connection";
/// Says what `connection` is to be there.
pub const NAMES: &str = "x-names";

const KNOWN: Duration = Duration::from_secs(20);
/// As many as reach each of two workers, but for one time in a thousand.
const CONNECTIONS: usize = 10;

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
        let stand = Stand::start_changed(&directory, with_listeners)?;
        let (insider, outsider) = (stand.user()?, stand.user()?);
        let lax = stand.application(&ApplicationSettings {
            // Which is refused all the same.
            options: &["--bypass", "/public/*", "--escaped-slashes", "keep"],
            ..ApplicationSettings::default()
        })?;
        let strict = stand.application_below(
            &lax,
            "/admin",
            &ApplicationSettings {
                allow: Allow::Emails(&[&insider.email]),
                options: &["--bypass", "/admin/public/*", "--escaped-slashes", "keep"],
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
        self.doors_to(&self.lax)
    }

    /// The same to another application, which both listeners know.
    ///
    /// # Errors
    /// As [`Self::doors`], or when a listener does not hear of it.
    pub fn doors_to<'a>(
        &'a self,
        application: &'a Application,
    ) -> Result<[(&'static str, Door<'a>); 2]> {
        let shipped = self.stand.door(application);
        let as_sent = self.door_at(AS_SENT, application)?;
        Ok([("normalised", shipped), ("as sent", as_sent)])
    }

    /// The way in to an application where requests get the `connection` of [`NAMES`].
    ///
    /// # Errors
    /// As [`Self::doors_to`].
    pub fn door_with_connection<'a>(&'a self, application: &'a Application) -> Result<Door<'a>> {
        self.door_at(WITH_CONNECTION, application)
    }

    fn door_at<'a>(&'a self, listener: &str, application: &'a Application) -> Result<Door<'a>> {
        let admin = self.stand.deployment.envoy.admin();
        let door = Door {
            port: admin.listener(listener)?.port(),
            ..self.stand.door(application)
        };
        // Each worker has a filter of its own at each listener, and each connection one worker.
        let request = Request::sub_request("/.access/identity");
        let what = format!("{listener} to know {}", application.host);
        wait::until(&what, KNOWN, || {
            let mut answers = (0..CONNECTIONS).map(|_| door.ask(PROTOCOLS[0], &request));
            let known = answers.all(|answer| answer.is_ok_and(|answer| answer.status == 401));
            Ok(known.then_some(()))
        })?;
        Ok(door)
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

/// The bootstrap with its listener once more, which leaves paths as they come, and again, with a filter
/// before ours; and with an origin that keeps what it receives.
fn with_listeners(yaml: String) -> Result<String> {
    let text = bootstrap::with_quiet_listener(yaml)?;
    let mut bootstrap: Value = serde_json::from_str(&text)?;
    let listeners = bootstrap.pointer_mut("/static_resources/listeners");
    let listeners = listeners.and_then(Value::as_array_mut).context("no list")?;
    let mut with_connection = listeners.first().context("no listener")?.clone();
    let mut listener = with_connection.clone();
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
    with_connection["name"] = json!(WITH_CONNECTION);
    with_connection["address"]["socket_address"]["port_value"] = json!(0);
    let filters = with_connection.pointer_mut(&format!("{manager}/http_filters"));
    let filters = filters
        .and_then(Value::as_array_mut)
        .context("no filters")?;
    filters.insert(0, sets_connection());
    listeners.push(with_connection);
    let origin = "/static_resources/clusters/0/load_assignment/endpoints/0/lb_endpoints/0\
                  /endpoint/address/socket_address/port_value";
    *bootstrap.pointer_mut(origin).context("no origin")? = json!(raw_origin()?.port);
    Ok(serde_json::to_string_pretty(&bootstrap)?)
}

fn sets_connection() -> Value {
    let value = format!("%REQ({})%", NAMES.to_uppercase());
    json!({
        "name": "sets_connection",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": { "request_mutations": [{ "append": {
                "header": { "key": "connection", "value": value },
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            } }] },
        },
    })
}
