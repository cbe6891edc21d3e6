//! Requests without a pause, at both Envoys: of users who are signed in, and of users who sign in.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::envoy::Envoy;
use portcullis_demo::wait;
use portcullis_e2e::bootstrap::SHIPPED;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::{Application, Stand};

use super::super::open_streams::stream::cookies;

const LIMIT: Duration = Duration::from_secs(60);

/// What is asked for, by whom.
pub struct Load<'a> {
    pub stand: &'a Stand,
    pub application: &'a Application,
    /// Whose token is used again and again.
    pub signed_in: &'a Browser,
    /// Who signs in again and again.
    pub user: &'a User,
}

/// What has come of it so far.
#[derive(Default)]
pub struct Outcome {
    stop: AtomicBool,
    /// Held by the sign-in in progress.
    signing_in: Mutex<()>,
    admitted: AtomicUsize,
    sign_ins: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl Load<'_> {
    /// Does something while the load lasts. Fails if a single request was refused; the answer says
    /// how many there were.
    pub fn during(&self, act: impl FnOnce(&Outcome) -> Result<()>) -> Result<String> {
        let outcome = Outcome::default();
        thread::scope(|scope| {
            for envoy in self.stand.envoys() {
                scope.spawn(|| outcome.repeat(|| self.use_session(envoy, &outcome)));
            }
            scope.spawn(|| outcome.repeat(|| self.sign_in(&outcome)));
            let acted = outcome.more().and_then(|()| act(&outcome));
            outcome.stop.store(true, Ordering::SeqCst);
            acted
        })?;
        let failures = outcome.failures.into_inner();
        let failures = failures.ok().context("a thread panicked")?;
        ensure!(failures.is_empty(), "{failures:#?}");
        Ok(format!(
            "{:?} requests and {:?} sign-ins",
            outcome.admitted, outcome.sign_ins
        ))
    }

    fn use_session(&self, envoy: &Envoy, outcome: &Outcome) -> Result<()> {
        let cookies = cookies(self.signed_in, self.application);
        let mut connection = self.connect(envoy)?;
        for _ in 0..100 {
            self.ask(&mut connection, &cookies)?;
            outcome.admitted.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Signs in through the first Envoy, and uses the new session at each.
    fn sign_in(&self, outcome: &Outcome) -> Result<()> {
        let browser =
            outcome.between_sign_ins(|| self.stand.sign_in(self.user, self.application))?;
        let cookies = cookies(&browser, self.application);
        for envoy in self.stand.envoys() {
            self.ask(&mut self.connect(envoy)?, &cookies)?;
        }
        outcome.sign_ins.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn connect(&self, envoy: &Envoy) -> Result<Connection> {
        let port = envoy.admin().listener(SHIPPED)?.port();
        let authority = &self.stand.deployment.certificates.authority;
        Connection::open(port, &self.application.host, authority)
    }

    fn ask(&self, connection: &mut Connection, cookies: &str) -> Result<()> {
        let line = format!("Cookie: {cookies}\r\n");
        let request = self.application.sub_request("/api/time", &line);
        let answer = connection.send(&request)?;
        let body = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status == 200, "{}: {body}", answer.status);
        Ok(())
    }
}

impl Outcome {
    /// Does something while no sign-in is in progress.
    pub fn between_sign_ins<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        let _guard = self.signing_in.lock().ok().context("a thread panicked")?;
        act()
    }

    /// Waits until more sign-ins have succeeded that began after this call, and many requests.
    pub fn more(&self) -> Result<()> {
        let count = |of: &AtomicUsize| of.load(Ordering::SeqCst);
        let (admitted, sign_ins) = (count(&self.admitted), count(&self.sign_ins));
        wait::until("more requests", LIMIT, || {
            // The first of them may have begun before.
            let enough =
                count(&self.admitted) >= admitted + 100 && count(&self.sign_ins) >= sign_ins + 2;
            let failed = self.failures.lock().is_ok_and(|all| !all.is_empty());
            Ok((enough || failed).then_some(()))
        })
    }

    fn repeat(&self, act: impl Fn() -> Result<()>) {
        while !self.stop.load(Ordering::SeqCst) {
            if let Err(error) = act()
                && let Ok(mut failures) = self.failures.lock()
            {
                failures.push(format!("{error:#}"));
            }
        }
    }
}
