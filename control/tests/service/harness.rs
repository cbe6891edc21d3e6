//! A running service to ask.

#[path = "../shared/postgres.rs"]
mod postgres;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portcullis::time::UnixMillis;
use portcullis_control::audit::{Event, EventName, Initiator, Subject};
use portcullis_control::config::Config;
use portcullis_control::server::{self, Running, Start, StartError};
use portcullis_control::system::clock::{Clock, SystemClock};
use portcullis_control::system::randomness::{Randomness, SystemRandomness};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The clock of tests: stands still, and is moved at will.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn set_back(&self, seconds: u64) {
        self.0.fetch_sub(seconds, Ordering::SeqCst);
    }

    pub fn seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicU64::new(SystemClock.now_seconds().get()))
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMillis {
        UnixMillis::new(self.seconds() * 1_000)
    }
}

/// A service on a temporary data directory. Ends with the test.
pub struct Service {
    pub running: Running,
    pub clock: Arc<TestClock>,
    pub directory: Arc<TempDir>,
    pub http: Client,
    pub database_url: String,
    socket: Client,
}

pub const TEAM_DOMAIN: &str = "https://team.example.com";
pub const WIKI: &str = "https://wiki.example.com";

impl Service {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With a configuration file under `[server]`'s team domain and ports.
    pub async fn start_with(toml: &str) -> Self {
        let directory = Arc::new(TempDir::new().unwrap());
        Self::start_in(directory, toml).await.unwrap()
    }

    pub async fn start_in(directory: Arc<TempDir>, toml: &str) -> Result<Self, StartError> {
        let database_url = database_url(&directory).await;
        Self::start_at(&database_url, directory, toml, Arc::default()).await
    }

    /// Another replica of this service: on the same database and with the same clock, with a data
    /// directory of its own.
    pub async fn replica(&self) -> Self {
        let directory = Arc::new(with_seal_of(&self.directory));
        let clock = Arc::clone(&self.clock);
        let started = Self::start_beside(&self.database_url, directory, "", clock, true).await;
        started.unwrap()
    }

    /// Ends, and starts again on the same data with this configuration file.
    pub async fn restart(self, toml: &str) -> Self {
        self.running.stop().await;
        let url = &self.database_url;
        let started = Self::start_at(url, self.directory, toml, self.clock).await;
        started.unwrap()
    }

    pub async fn start_at(
        database_url: &str,
        directory: Arc<TempDir>,
        toml: &str,
        clock: Arc<TestClock>,
    ) -> Result<Self, StartError> {
        Self::start_beside(database_url, directory, toml, clock, false).await
    }

    /// The same beside others on its database, which only tests can do on SQLite.
    pub async fn start_beside(
        database_url: &str,
        directory: Arc<TempDir>,
        toml: &str,
        clock: Arc<TestClock>,
        shares_sqlite: bool,
    ) -> Result<Self, StartError> {
        let data_dir = directory.path().join("data");
        let file = directory.path().join("portcullis.toml");
        std::fs::write(&file, toml).unwrap();
        let variables = [
            ("PORTCULLIS_SERVER__LISTEN", "127.0.0.1:0"),
            ("PORTCULLIS_SERVER__FILTERS", "127.0.0.1:0"),
            ("PORTCULLIS_SERVER__TEAM_DOMAIN", TEAM_DOMAIN),
            ("PORTCULLIS_DATABASE__URL", database_url),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let config = Config::load(Some(&file), variables.into_iter()).unwrap();
        let running = server::start(Start {
            config,
            data_dir: data_dir.clone(),
            first_start: false,
            shares_sqlite,
            clock: clock.clone(),
            #[cfg(feature = "test-clock")]
            shifted_clock: Arc::default(),
        })
        .await?;
        let client = || Client::builder().redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            http: client().build().unwrap(),
            socket: client()
                .unix_socket(data_dir.join("control.sock"))
                .build()
                .unwrap(),
            running,
            clock,
            directory,
            database_url: database_url.to_owned(),
        })
    }

    /// What the service takes for now, seconds since 1970.
    pub fn clock_now(&self) -> u64 {
        self.clock.seconds()
    }

    pub fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A path of the team domain.
    pub fn page(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.listen)
    }

    /// A call of the filter API.
    pub fn call(&self, path: &str) -> String {
        format!("http://{}/api/filter/v1/{path}", self.running.filters)
    }

    /// What the CLI would ask.
    pub async fn administer(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("http://control{path}");
        let response = self.socket.post(url).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// A call of the admin API over the control socket.
    pub async fn over_socket(&self, method: Method, path: &str) -> (StatusCode, Value) {
        let url = format!("http://control/api/admin/v1/{path}");
        let response = self.socket.request(method, url).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// A `PUT` of the admin API over the control socket.
    pub async fn put(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("http://control/api/admin/v1/{path}");
        let response = self.socket.put(url).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// As [`Self::administer`], and it must succeed.
    pub async fn done(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.administer(path, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// The items of a list that the CLI would ask for.
    pub async fn listed(&self, path: &str) -> Vec<Value> {
        let url = format!("http://control{path}");
        let response = self.socket.get(url).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let list: Value = response.json().await.unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// A user, and the password.
    pub async fn user(&self, email: &str) -> String {
        let user = self.done("/users", json!({ "email": email })).await;
        user["password"].as_str().unwrap().to_owned()
    }

    /// The application `wiki` at [`WIKI`] with these settings on top; its audience.
    pub async fn wiki(&self, settings: Value) -> String {
        self.application("wiki", WIKI, settings).await
    }

    pub async fn application(&self, name: &str, origin: &str, settings: Value) -> String {
        let mut draft = json!({
            "name": name,
            "origins": [origin],
            "policy": [{ "everyone": true }],
        });
        for (field, value) in settings.as_object().unwrap() {
            draft[field] = value.clone();
        }
        let added = self.done("/applications", draft).await;
        added["audience"].as_str().unwrap().to_owned()
    }

    /// A filter credential for these applications; for all if none is named.
    pub async fn credential(&self, applications: &[&str]) -> String {
        let wish = json!({ "applications": applications });
        let made = self.done("/filter-credentials", wish).await;
        made["credential"].as_str().unwrap().to_owned()
    }

    /// A POST of the filter API.
    pub async fn post(&self, credential: &str, call: &str, body: Value) -> Response {
        self.http
            .post(self.call(call))
            .bearer_auth(credential)
            .json(&body)
            .send()
            .await
            .unwrap()
    }
}

/// The directory for another service on the database of the one in `directory`: it has what seals its
/// secrets.
pub fn with_seal_of(directory: &TempDir) -> TempDir {
    let other = TempDir::new().unwrap();
    std::fs::create_dir(other.path().join("data")).unwrap();
    let file = "data/seal.key";
    std::fs::copy(directory.path().join(file), other.path().join(file)).unwrap();
    other
}

/// The test's own database: a SQLite file, or, if `PORTCULLIS_TEST_POSTGRES_URL` names a server, a
/// database there. The same for a service that is started again in the same directory.
pub async fn database_url(directory: &TempDir) -> String {
    match std::env::var("PORTCULLIS_TEST_POSTGRES_URL") {
        Ok(server) => postgres_url(directory, &server).await,
        Err(_) => {
            std::fs::create_dir_all(directory.path()).unwrap();
            format!("sqlite://{}", directory.path().join("test.db").display())
        }
    }
}

/// The test's own database for services in several processes, which SQLite refuses.
pub async fn shared_database_url(directory: &TempDir) -> String {
    postgres_url(directory, postgres::server()).await
}

async fn postgres_url(directory: &TempDir, server: &str) -> String {
    let remembered = directory.path().join("database");
    if let Ok(url) = std::fs::read_to_string(&remembered) {
        return url;
    }
    let random: &dyn Randomness = &SystemRandomness;
    let name = format!("portcullis_test_{}", &random.audience().unwrap()[..16]);
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(&format!("{server}/postgres"))
        .await
        .unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    // The server has so many connections for all tests: one that finds none waits, and gets a 503.
    pool.close().await;
    let url = format!("{server}/{name}");
    std::fs::write(remembered, &url).unwrap();
    url
}

/// Who acts where a test calls the storage itself.
pub fn tester() -> Initiator {
    Initiator::system("test")
}

/// The event of a sign-in that a test makes itself.
pub fn sign_in_of(user_id: &str) -> Event {
    let subject = Subject::user(user_id, "");
    Event::new(EventName::SignInSucceeded, &tester(), subject)
}

/// The `reason` of a problem, with its status.
pub async fn problem(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().unwrap();
    assert_eq!(kind, "application/problem+json");
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["status"], status);
    (status, problem["reason"].as_str().unwrap().to_owned())
}
