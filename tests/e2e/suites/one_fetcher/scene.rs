//! A stand whose polls can be counted, and whose listeners come and go.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::connection::{Answer, Connection};
use portcullis_e2e::feed_relay::FeedRelay;
use portcullis_e2e::listeners::Listeners;
use portcullis_e2e::{Application, Stand, bootstrap, directories};
use url::Url;

pub const LIMIT: Duration = Duration::from_secs(30);
/// Listeners that are removed are gone so soon.
const DRAIN: Duration = Duration::from_secs(1);
/// Enough that both workers are among those who answer.
pub const CONNECTIONS: usize = 12;
const STARTS: u32 = 3;
const SHIPPED: &str = "after: 5m, then: deny";

/// The stand.
pub struct Scene {
    pub stand: Stand,
    pub relay: FeedRelay,
    pub listeners: Listeners,
}

impl Scene {
    /// Starts it, with what `when_stale` is to be.
    ///
    /// Somebody else may take the port before Envoy does, and an Envoy whose listeners come from a
    /// file goes on without the one: then it starts again with another.
    pub fn start(name: &str, when_stale: &str) -> Result<Self> {
        let mut starts = 1;
        loop {
            match Self::try_to_start(name, when_stale) {
                Err(_) if starts < STARTS => starts += 1,
                started => return started,
            }
        }
    }

    fn try_to_start(name: &str, when_stale: &str) -> Result<Self> {
        let directory = directories::of_stand(name)?;
        let slot = RefCell::new(None);
        let stand = Stand::start_draining(&directory, DRAIN, |yaml| {
            ensure!(yaml.contains(SHIPPED), "the bootstrap says not {SHIPPED}");
            let (yaml, relay) = FeedRelay::before(&yaml.replace(SHIPPED, when_stale))?;
            let yaml = bootstrap::with_quiet_listener(yaml)?;
            let (yaml, listeners) = Listeners::of(&yaml, &directory)?;
            slot.replace(Some((relay, listeners)));
            Ok(yaml)
        })?;
        let (relay, listeners) = slot.take().context("no bootstrap")?;
        Ok(Self {
            stand,
            relay,
            listeners,
        })
    }

    /// With what is shipped.
    pub fn start_as_shipped(name: &str) -> Result<Self> {
        Self::start(name, SHIPPED)
    }

    /// Adds a listener whose filter is configured otherwise than the others', if only by the
    /// timeout of its calls: listeners with the very same configuration may share a root context
    /// in each VM.
    pub fn add_listener(&self, name: &str, timeout: &str) -> Result<()> {
        self.listeners.add(name, |configuration| {
            configuration["control"]["timeout"] = timeout.into();
        })?;
        self.wait_for_listener(name)
    }

    /// Waits until a listener is there.
    pub fn wait_for_listener(&self, name: &str) -> Result<()> {
        let admin = self.stand.deployment.envoy.admin();
        wait::until(&format!("listener {name}"), LIMIT, || {
            Ok(admin.listener(name).ok().map(drop))
        })
    }

    /// Asks at a listener, on several connections, with a browser's cookies.
    pub fn ask(
        &self,
        listener: &str,
        browser: &Browser,
        application: &Application,
    ) -> Result<Vec<Answer>> {
        let path = "/api/time";
        let cookies = browser.jar.header(&Url::parse(&application.url(path))?);
        let line = cookies.map_or_else(String::new, |cookies| format!("Cookie: {cookies}\r\n"));
        let request = application.sub_request(path, &line);
        let deployment = &self.stand.deployment;
        let port = deployment.envoy.admin().listener(listener)?.port();
        let authority = &deployment.certificates.authority;
        let mut connections = (0..CONNECTIONS)
            .map(|_| Connection::open(port, &application.host, authority))
            .collect::<Result<Vec<_>>>()?;
        let each = connections.iter_mut();
        each.map(|connection| connection.send(&request)).collect()
    }

    /// As [`Self::ask`], and the statuses alone, each once.
    pub fn statuses(
        &self,
        listener: &str,
        browser: &Browser,
        application: &Application,
    ) -> Result<Vec<u16>> {
        let answers = self.ask(listener, browser, application)?;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        statuses.dedup();
        Ok(statuses)
    }

    /// Waits until a listener answers so on all connections.
    pub fn wait_for(
        &self,
        listener: &str,
        status: u16,
        (browser, application): (&Browser, &Application),
    ) -> Result<()> {
        let what = format!("{listener} to answer {status}");
        wait::until(&what, LIMIT, || {
            let statuses = self.statuses(listener, browser, application)?;
            Ok((statuses == [status]).then_some(()))
        })
    }

    /// A figure of the feed, as Envoy shows it.
    pub fn figure(&self, name: &str) -> Result<u64> {
        let name = format!("wasmcustom.portcullis.feed.{name}");
        let stats = self.stand.deployment.envoy.admin().stats(&name)?;
        Ok(stats.get(&name).copied().unwrap_or_default())
    }
}
