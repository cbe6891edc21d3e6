//! Envoy's configuration changes while streams are open: they live on under the former one, in
//! any VM, and are cut like all others.

mod updates;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::wait;
use portcullis_e2e::bootstrap::QUIET;
use portcullis_e2e::connection::Connection;
use portcullis_e2e::listeners::{Listeners, UPDATE};
use portcullis_e2e::request::Request;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, ApplicationSettings, Stand, directories};

use super::stream::{ALL, What, cookies, open_all, open_in_every_worker, until_all_cut};
use updates::{UPDATES, Update};

/// So long that no connection ends because its listener drains: when that is over, Envoy ends what
/// is left, and only then the root context that watched it.
const DRAIN: Duration = Duration::from_secs(86_400);
/// Of each HTTP/2 connection.
const STREAMS: usize = 3;
const LIMIT: Duration = Duration::from_secs(30);
const STAND: &str = "updated";

/// Two Envoys whose listeners come from files.
struct Scene {
    stand: Stand,
    listeners: Vec<Listeners>,
    application: Application,
}

#[test]
fn b04_streams_that_outlive_an_update_of_the_configuration_are_cut() -> Result<()> {
    let mut scene = Scene::start()?;
    for update in UPDATES {
        let took = scene
            .cuts_what_outlives(&update)
            .with_context(|| format!("{} was changed", update.name))?;
        println!("{}: cut within {took:?}", update.name);
    }
    let took = scene.cuts_what_outlives_its_listener()?;
    println!("no listener: cut within {took:?}");
    Ok(())
}

impl Scene {
    fn start() -> Result<Self> {
        let directory = directories::of_stand(STAND)?;
        let (stand, listeners) = Stand::start_two_with_listeners(&directory, DRAIN, Ok)?;
        Ok(Self {
            application: stand.application(&ApplicationSettings::default())?,
            stand,
            listeners,
        })
    }

    /// Opens streams, updates all listeners, opens more, and revokes.
    /// The answer is how long it took until the last stream of before was cut, and of after.
    fn cuts_what_outlives(&mut self, update: &Update) -> Result<[Duration; 2]> {
        let (user, mine) = self.signed_in()?;
        let (_, theirs) = self.signed_in()?;
        let mut before = self.open(&mine)?;
        let mut spared = self.open_one(&theirs)?;
        let door = self.stand.door(&self.application);
        let mut held = door.hold(&streams(&cookies(&mine, &self.application)))?;
        let vms = self.vms()?;

        self.update(update, &mine)?;
        let made: Vec<_> = self
            .vms()?
            .iter()
            .zip(vms)
            .map(|(now, before)| *now > before)
            .collect();
        ensure!(made == [update.makes_vms; 2], "made VMs: {made:?}");
        let mut after = self.open(&mine)?;
        go_on(&mut before)?;
        self.stand.admitted_by_workers(&mine, &self.application)?;

        let revoked = Instant::now();
        self.stand.deployment.control.revoke_user(&user.email)?;
        let before = until_all_cut(&mut before, revoked)?;
        let after = until_all_cut(&mut after, revoked)?;
        for index in 0..STREAMS {
            held.breaks_off(index, REVOCATION_LIMIT)?;
        }
        // On connections of before each update, and of after it.
        let reason = self.stand.refused_by_workers(&mine, &self.application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
        go_on(&mut spared)?;
        Ok([before, after])
    }

    /// Opens streams, removes all listeners, and revokes.
    /// The answer is how long it took until the last was cut.
    fn cuts_what_outlives_its_listener(&self) -> Result<Duration> {
        let (user, mine) = self.signed_in()?;
        let (_, theirs) = self.signed_in()?;
        let mut open = self.open(&mine)?;
        let mut spared = self.open_one(&theirs)?;
        self.stand.admitted_by_workers(&mine, &self.application)?;

        for listeners in &self.listeners {
            listeners.remove(&["https", QUIET])?;
        }
        wait::until("no listener to be left", LIMIT, || {
            let gauges = self.gauges(r"^listener_manager\.total_listeners_active$")?;
            Ok((gauges == [0, 0]).then_some(()))
        })?;
        go_on(&mut open)?;

        let revoked = Instant::now();
        self.stand.deployment.control.revoke_user(&user.email)?;
        let took = until_all_cut(&mut open, revoked)?;
        let reason = self.stand.refused_by_workers(&mine, &self.application)?;
        ensure!(reason == "session_revoked", "refused as {reason}");
        go_on(&mut spared)?;
        Ok(took)
    }

    /// A user who has signed in.
    fn signed_in(&self) -> Result<(User, Browser)> {
        let user = self.stand.user()?;
        let browser = self.stand.sign_in(&user, &self.application)?;
        Ok((user, browser))
    }

    /// How many VMs each Envoy has.
    fn vms(&self) -> Result<Vec<u64>> {
        self.gauges(r"^wasm\.envoy\.wasm\.runtime\.v8\.active$")
    }

    /// A gauge of each Envoy.
    fn gauges(&self, filter: &str) -> Result<Vec<u64>> {
        let envoys = self.stand.envoys();
        envoys
            .map(|envoy| Ok(envoy.admin().stats(filter)?.values().sum()))
            .collect()
    }

    fn open(&self, browser: &Browser) -> Result<Vec<Connection>> {
        let cookies = cookies(browser, &self.application);
        let mut open = Vec::new();
        for envoy in self.stand.envoys() {
            open.extend(open_in_every_worker(
                &self.stand,
                envoy,
                &self.application,
                &cookies,
            )?);
        }
        Ok(open)
    }

    fn open_one(&self, browser: &Browser) -> Result<Vec<Connection>> {
        let cookies = cookies(browser, &self.application);
        let mut open = Vec::new();
        for envoy in self.stand.envoys() {
            let port = envoy.admin().listener(QUIET)?.port();
            open.extend(open_all(&self.stand, port, &self.application, &cookies)?);
        }
        Ok(open)
    }

    /// Updates all listeners. The stand's workers are then those of before and those of after.
    fn update(&mut self, update: &Update, browser: &Browser) -> Result<()> {
        let name = update.name;
        for listeners in &self.listeners {
            listeners.update(name, update.change)?;
        }
        let new = wait::until("all workers to take the update", LIMIT, || {
            let workers = self.stand.new_workers()?;
            let request = self.request(browser);
            let answers = workers.each(|worker| worker.send(&request))?;
            let all = answers
                .iter()
                .all(|answer| answer.status == 200 && answer.header(UPDATE) == Some(name));
            Ok(all.then_some(workers))
        })?;
        for answer in self
            .stand
            .ask_workers(browser, &self.application, "/api/time")?
        {
            ensure!(
                answer.header(UPDATE) != Some(name),
                "no connection is left of before"
            );
        }
        self.stand.workers.join(new);
        Ok(())
    }

    fn request(&self, browser: &Browser) -> Vec<u8> {
        let line = format!("Cookie: {}\r\n", cookies(browser, &self.application));
        self.application.sub_request("/api/time", &line)
    }
}

/// What is held open over HTTP/2.
fn streams(cookies: &str) -> [Request; STREAMS] {
    let grpc = Request::new("POST", "/events")
        .with("content-type", "application/grpc")
        .with("te", "trailers")
        .with("cookie", cookies);
    [
        What::Events.request(cookies, ""),
        What::Download.request(cookies, ""),
        grpc,
    ]
}

/// Fails unless the events among some connections of each kind continue.
fn go_on(open: &mut [Connection]) -> Result<()> {
    for events in open.iter_mut().step_by(ALL.len()) {
        ensure!(!events.read_some()?.is_empty(), "a stream was cut");
    }
    Ok(())
}
