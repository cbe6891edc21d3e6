//! What all suites share.

mod second;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use http::HeaderName;
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::deployment::{Deployment, Settings};
use portcullis_demo::envoy;
use portcullis_demo::origin;
use portcullis_demo::ports::free_port;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;

use serde_json::Value;

use crate::connection::{Answer, Connection};
use crate::documents::Documents;
use crate::seen::Seen;
use crate::tenants::{Application, ApplicationSettings, Numbers};
use crate::workers::Workers;
use crate::{ballast, bootstrap, directories, sites};
use second::SecondEnvoy;

/// Long enough that a test sees it, short enough that another sees its end.
pub const LOGIN_BLOCK: Duration = Duration::from_secs(3);
/// How long a revocation may take until every worker refuses. The goal is far below; this is the
/// limit on a busy machine.
pub const REVOCATION_LIMIT: Duration = Duration::from_secs(5);
/// The control service in a build that lets tests move its clock.
const SERVICE: &str = "control-with-clock";
const FEED_LIMIT: Duration = Duration::from_secs(20);
/// As many as make a difference between "a worker" and "the worker".
const WORKERS: u32 = 2;

/// Envoy, control service, origin, and what is needed to speak to them.
pub struct Stand {
    /// Ended before what it needs.
    second: Option<SecondEnvoy>,
    /// The three of them.
    pub deployment: Deployment,
    /// A connection to each worker of each Envoy, at each listener.
    pub workers: Workers,
    seen: Seen,
    documents: Documents,
    numbers: Numbers,
}

/// The stand of this process, with two Envoys, started at the first call and ended with the
/// process.
///
/// # Errors
/// When it did not start: the same error for all who ask.
pub fn stand() -> Result<&'static Stand> {
    static STAND: LazyLock<Result<Stand>> = LazyLock::new(|| {
        let directory = directories::of_stand("shared")?;
        Stand::start_two(&directory, envoy::DRAIN, |yaml, _| {
            bootstrap::with_quiet_listener(yaml)
        })
        .with_context(|| format!("logs are in {}", directory.display()))
    });
    STAND
        .as_ref()
        .map_err(|error| anyhow!("the stand did not start: {error:#}"))
}

impl Stand {
    /// Starts a stand for those who must have one alone; most want [`stand()`].
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start(directory: &Path) -> Result<Self> {
        Self::start_changed(directory, bootstrap::with_quiet_listener)
    }

    /// As [`Self::start`], with another change to Envoy's bootstrap.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_changed(
        directory: &Path,
        change_bootstrap: impl Fn(String) -> Result<String>,
    ) -> Result<Self> {
        Self::start_draining(directory, envoy::DRAIN, change_bootstrap)
    }

    /// As [`Self::start_changed`], with another time for which old listeners live on.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_draining(
        directory: &Path,
        drain: Duration,
        change_bootstrap: impl Fn(String) -> Result<String>,
    ) -> Result<Self> {
        Self::start_with(directory, drain, "", &change_bootstrap)
    }

    /// As [`Self::start`], with more tables of the control service's configuration.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_configured(directory: &Path, configuration: &str) -> Result<Self> {
        let change_bootstrap = bootstrap::with_quiet_listener;
        Self::start_with(directory, envoy::DRAIN, configuration, &change_bootstrap)
    }

    fn start_with(
        directory: &Path,
        drain: Duration,
        configuration: &str,
        change_bootstrap: &dyn Fn(String) -> Result<String>,
    ) -> Result<Self> {
        let tools = Tools::find(SERVICE)?;
        let (seen, documents) = (Seen::default(), Documents::default());
        let deployment = Deployment::start(Settings {
            tools: &tools,
            directory,
            port: free_port()?,
            hostnames: sites::HOSTNAMES,
            login_block: LOGIN_BLOCK,
            more_configuration: &(ballast::applications() + configuration),
            workers: WORKERS,
            drain,
            application: seen.watch(documents.before(origin::application())),
            change_bootstrap,
        })?;
        ballast::add_revocations(&deployment.control)?;
        let workers = Workers::pin(
            &deployment.envoy,
            &deployment.certificates.authority,
            WORKERS,
        )?;
        Ok(Self {
            second: None,
            deployment,
            workers,
            seen,
            documents,
            numbers: Numbers::default(),
        })
    }

    /// Ends Envoy, the first of two, and starts another on the same port, with nothing in its
    /// memory.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_envoy(&mut self) -> Result<()> {
        self.deployment
            .restart_envoy(&Tools::find(SERVICE)?, WORKERS)?;
        self.pin_workers()
    }

    /// A browser without cookies.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn browser(&self) -> Result<Browser> {
        self.deployment.browser()
    }

    /// A user of one's own.
    ///
    /// # Errors
    /// When the control service refuses.
    pub fn user(&self) -> Result<User> {
        let email = format!("user-{}@example.com", self.numbers.next());
        self.deployment.control.add_user(&email)
    }

    /// An application of one's own, which all workers know already.
    ///
    /// # Errors
    /// When the control service refuses, or the filter does not hear of it.
    pub fn application(&self, settings: &ApplicationSettings<'_>) -> Result<Application> {
        let application = Application::add(&self.deployment, &self.numbers, settings)?;
        let what = format!("all workers to know {}", application.host);
        let request = application.sub_request("/.access/identity", "");
        wait::until(&what, FEED_LIMIT, || {
            let answers = self.workers.each(|worker| worker.send(&request))?;
            Ok(answers
                .iter()
                .all(|answer| answer.status == 401)
                .then_some(()))
        })?;
        Ok(application)
    }

    /// Another application on the host of one, below a path prefix.
    ///
    /// Cookies of applications that share a host have other names, so users who are signed in to
    /// the first one there have to sign in again.
    ///
    /// # Errors
    /// As [`Self::application`].
    pub fn application_below(
        &self,
        first: &Application,
        prefix: &str,
        settings: &ApplicationSettings<'_>,
    ) -> Result<Application> {
        let place = (first.host.as_str(), prefix);
        let application = Application::add_at(&self.deployment, &self.numbers, place, settings)?;
        let what = format!("all workers to know {prefix} on {}", first.host);
        // Without a session, each application names its own way to sign in.
        let request = application.sub_request(&format!("{prefix}/unbypassed"), "");
        let own = format!("return_to={}", prefix.replace('/', "%2F"));
        wait::until(&what, FEED_LIMIT, || {
            let answers = self.workers.each(|worker| worker.send(&request))?;
            let known = |answer: &Answer| String::from_utf8_lossy(&answer.body).contains(&own);
            Ok(answers.iter().all(known).then_some(()))
        })?;
        Ok(application)
    }

    /// An application at a hostname that is given, or at all those below a domain: `*.x.localhost`.
    ///
    /// # Errors
    /// As [`Self::application`].
    pub fn application_on(
        &self,
        host: &str,
        settings: &ApplicationSettings<'_>,
    ) -> Result<Application> {
        let place = (host, "");
        let application = Application::add_at(&self.deployment, &self.numbers, place, settings)?;
        let what = format!("all workers to know {host}");
        let request = application.at("any").sub_request("/", "");
        wait::until(&what, FEED_LIMIT, || {
            let answers = self.workers.each(|worker| worker.send(&request))?;
            let known = |answer: &Answer| answer.status == 401;
            Ok(answers.iter().all(known).then_some(()))
        })?;
        Ok(application)
    }

    /// A new browser in which a user has signed in to an application.
    ///
    /// # Errors
    /// When the application's page is not what the sign-in led to.
    pub fn sign_in(&self, user: &User, application: &Application) -> Result<Browser> {
        let mut browser = self.browser()?;
        let url = application.url("/");
        let page = browser.sign_in(&url, user)?;
        ensure!(
            page.status == 200 && page.url.as_str() == url,
            "{} signed in to {url} and got {} from {}",
            user.email,
            page.status,
            page.url
        );
        Ok(browser)
    }

    /// A new TLS connection for requests of one's own making, byte for byte.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn connect(&self, application: &Application) -> Result<Connection> {
        let authority = &self.deployment.certificates.authority;
        Connection::open(self.deployment.port(), &application.host, authority)
    }

    /// How many requests for a path have reached the origin, on any host.
    #[must_use]
    pub fn reached_origin(&self, path: &str) -> usize {
        self.seen.count(path)
    }

    /// Puts a page behind Envoy, on every host, at a path that no other test uses and that begins
    /// with `directory`; the path is the answer.
    #[must_use]
    pub fn publish(&self, directory: &str, html: &str) -> String {
        let path = format!("{directory}/{}", self.numbers.next());
        let html = format!("<!doctype html><title>A test's page</title>{html}");
        self.documents.put(&path, "text/html; charset=utf-8", html);
        path
    }

    /// As [`Self::publish`], for a page that shared caches may keep.
    #[must_use]
    pub fn publish_to_keep(&self, html: &str) -> String {
        let path = self.publish("", html);
        self.documents.share(&path);
        path
    }

    /// As [`Self::publish`], for JSON with a header field that gives it its meaning.
    #[must_use]
    pub fn publish_json(&self, json: &Value, header: (HeaderName, &'static str)) -> String {
        let path = format!("/{}", self.numbers.next());
        self.documents
            .put(&path, "application/json", json.to_string());
        self.documents.add_header(&path, header);
        path
    }

    /// As [`Self::publish`], for a script.
    #[must_use]
    pub fn publish_script(&self, directory: &str, script: &str) -> String {
        let path = format!("{directory}/{}.js", self.numbers.next());
        let script = script.to_owned();
        self.documents.put(&path, "text/javascript", script);
        path
    }

    /// A path that no other test uses, under `/api/echo/`.
    #[must_use]
    pub fn unique_path(&self) -> String {
        format!("/api/echo/{}", self.numbers.next())
    }
}
