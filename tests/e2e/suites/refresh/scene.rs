//! The stand of this suite, and people whose session at an application has just expired.

use std::cell::RefCell;
use std::sync::{LazyLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::clock::{EXPIRY_LIMIT, StandWithClock};
use portcullis_e2e::connection::{Answer, Connection};
use portcullis_e2e::refresh_relay::{Conduct, RefreshRelay};
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::Request;
use portcullis_e2e::tokens::{self, BINDING_COOKIE, TOKEN_COOKIE};
use portcullis_e2e::{Application, ApplicationSettings, Stand, bootstrap, directories};
use serde_json::{Value, json};

const DURATION: Duration = Duration::from_secs(600);
/// How `DURATION` is typed.
pub const SESSION_DURATION: &str = "10m";

/// `control.timeout` of this suite: longer than it takes a busy machine to open fifty connections.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The stand. A test that signs in uses it alone, because that turns its clock back.
pub struct Scene {
    clock: RwLock<StandWithClock>,
    pub relay: RefreshRelay,
}

/// A user whose session has expired for the filter, while the global session lives.
pub struct Expired {
    pub user: User,
    pub application: Application,
    pub browser: Browser,
}

/// The scene of this process.
pub fn scene() -> Result<&'static Scene> {
    static SCENE: LazyLock<Result<Scene>> = LazyLock::new(Scene::start);
    SCENE
        .as_ref()
        .map_err(|error| anyhow!("the stand of refreshes did not start: {error:#}"))
}

impl Scene {
    fn start() -> Result<Self> {
        let slot = RefCell::new(None);
        let stand = Stand::start_changed(&directories::of_stand("refresh")?, |yaml| {
            let (yaml, relay) = through_relay(&yaml)?;
            slot.replace(Some(relay));
            bootstrap::with_quiet_listener(yaml)
        })?;
        Ok(Self {
            clock: RwLock::new(StandWithClock { stand }),
            relay: slot.take().context("no relay")?,
        })
    }

    /// The stand, while no test turns its clock.
    pub fn stand(&self) -> RwLockReadGuard<'_, StandWithClock> {
        self.clock.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stand, while no other test sends anything.
    pub fn alone(&self) -> RwLockWriteGuard<'_, StandWithClock> {
        self.clock.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A user at an application with a binding cookie.
    pub fn expired(&self) -> Result<Expired> {
        self.expired_at(&ApplicationSettings {
            binding_cookie: true,
            ..ApplicationSettings::default()
        })
    }

    /// A user at an application of other settings; its duration is this suite's.
    pub fn expired_at(&self, settings: &ApplicationSettings<'_>) -> Result<Expired> {
        let (user, application) = {
            let clock = self.stand();
            let settings = ApplicationSettings {
                session_duration: SESSION_DURATION,
                ..settings.clone()
            };
            (clock.stand.user()?, clock.stand.application(&settings)?)
        };
        let browser = self
            .alone()
            .sign_in_about_to_expire(&user, &application, DURATION)?;
        let expired = Expired {
            user,
            application,
            browser,
        };
        expired.wait_until_expired(&self.stand().stand)?;
        Ok(expired)
    }

    /// Calls for this application's tokens so far.
    pub fn calls(&self, expired: &Expired) -> usize {
        self.relay.calls(&expired.application.origin)
    }
}

impl Expired {
    /// Without its binding cookie a token is never refreshed, and says which check fails first.
    fn wait_until_expired(&self, stand: &Stand) -> Result<()> {
        let token = &tokens::token(&self.browser, &self.application)?.value;
        let line = format!("Cookie: {TOKEN_COOKIE}={token}\r\n");
        let mut connection = stand.connect(&self.application)?;
        let request = self.application.sub_request("/api/time", &line);
        if tokens::binding(&self.browser, &self.application).is_err() {
            // Such a session would be refreshed: its own end is all there is to see.
            return self.wait_for_end(token);
        }
        wait::until("the session to expire", EXPIRY_LIMIT, || {
            let refusal = Refusal::of_answer(&connection.send(&request)?)?;
            Ok((refusal.reason == "session_expired").then_some(()))
        })
    }

    fn wait_for_end(&self, token: &str) -> Result<()> {
        let (_, claims) = tokens::unverified(token)?;
        let end = claims["exp"].as_u64().context("no exp")? + 31;
        wait::until("the session to expire", EXPIRY_LIMIT, || {
            Ok((std::time::UNIX_EPOCH.elapsed()?.as_secs() >= end).then_some(()))
        })
    }

    /// The cookies that are to be replaced.
    pub fn cookies(&self) -> Result<String> {
        let token = &tokens::token(&self.browser, &self.application)?.value;
        let token = format!("{TOKEN_COOKIE}={token}");
        Ok(match tokens::binding(&self.browser, &self.application) {
            Ok(binding) => format!("{token}; {BINDING_COOKIE}={}", binding.value),
            Err(_) => token,
        })
    }

    /// A request with these cookies.
    pub fn request(&self, method: &str, path: &str) -> Result<Request> {
        Ok(Request::new(method, path).with("cookie", self.cookies()?))
    }

    /// The bytes of a sub-request with these cookies.
    pub fn sub_request(&self, path: &str) -> Result<Vec<u8>> {
        let line = format!("Cookie: {}\r\n", self.cookies()?);
        Ok(self.application.sub_request(path, &line))
    }

    /// Sends a sub-request on a new connection and leaves its answer to be read.
    pub fn begin(&self, stand: &Stand, path: &str) -> Result<Connection> {
        let mut connection = stand.connect(&self.application)?;
        connection.write(&self.sub_request(path)?)?;
        Ok(connection)
    }
}

/// The values of `set-cookie`, each in a header of its own.
pub fn set_cookies(answer: &Answer) -> Vec<String> {
    let lines = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    lines
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
        .collect()
}

/// Checks that a response brings a new session, and is sent with `no-store`.
pub fn assert_renewed(answer: &Answer) {
    assert!(matches!(answer.status, 101 | 200), "{}", answer.status);
    let cookies = set_cookies(answer);
    assert_eq!(cookies.len(), 2, "{cookies:?}");
    assert!(cookies[0].starts_with(&format!("{TOKEN_COOKIE}=ey")));
    assert!(cookies[1].starts_with(&format!("{BINDING_COOKIE}=")));
    let kept: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "cache-control")
        .collect();
    assert_eq!(kept, [&("cache-control".to_owned(), b"no-store".to_vec())]);
}

/// Requests that Envoy has in hand, on all listeners.
pub fn wait_for_active(stand: &Stand, wanted: u64) -> Result<()> {
    let what = format!("{wanted} requests to be under way");
    wait::until(&what, EXPIRY_LIMIT, || {
        let stats = stand
            .deployment
            .envoy
            .admin()
            .stats(r"^http\.https\.downstream_rq_active$")?;
        Ok((stats.values().sum::<u64>() == wanted).then_some(()))
    })
}

/// Sends what `send` sends while calls are held, and releases them once all requests wait.
pub fn held(
    scene: &Scene,
    (expired, requests): (&Expired, u64),
    send: impl FnOnce(&Stand) -> Result<Vec<Answer>> + Send,
) -> Result<Vec<Answer>> {
    let clock = scene.alone();
    let origin = &expired.application.origin;
    scene.relay.conduct(origin, Conduct::Hold);
    let stand = &clock.stand;
    std::thread::scope(|scope| {
        let sent = scope.spawn(move || send(stand));
        let waiting = wait_for_active(stand, requests);
        scene.relay.conduct(origin, Conduct::Relay);
        waiting?;
        sent.join().ok().context("the sender panicked")?
    })
}

/// A bootstrap whose filters reach the control service through a relay.
fn through_relay(yaml: &str) -> Result<(String, RefreshRelay)> {
    let slow = yaml.replace("timeout: 2s", &format!("timeout: {}s", TIMEOUT.as_secs()));
    ensure!(slow != yaml, "the bootstrap says nothing of 2s");
    let mut bootstrap: Value = serde_saphyr::from_str(&slow)?;
    let clusters = bootstrap.pointer_mut("/static_resources/clusters");
    let port = clusters
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .find(|cluster| cluster["name"] == "portcullis_control")
        .and_then(|cluster| {
            cluster.pointer_mut(
                "/load_assignment/endpoints/0/lb_endpoints/0/endpoint/address/socket_address\
                 /port_value",
            )
        })
        .context("no port of the control service")?;
    let service = port.as_u64().context("no number")?.try_into()?;
    let relay = RefreshRelay::start(service)?;
    *port = json!(relay.port());
    Ok((serde_json::to_string(&bootstrap)?, relay))
}
