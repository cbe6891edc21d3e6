//! A stand whose polls can be counted, and whose listeners come and go.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use portcullis_e2e::connection::{Answer, Connection};
use portcullis_e2e::feed_relay::FeedRelay;
use portcullis_e2e::listeners::Listeners;
use portcullis_e2e::{Application, Stand, directories};
use serde_json::Value;
use url::Url;

pub const LIMIT: Duration = Duration::from_secs(30);
/// Listeners that are removed are gone so soon.
const DRAIN: Duration = Duration::from_secs(1);
/// Enough that both workers are among those who answer.
pub const CONNECTIONS: usize = 12;
const SHIPPED: &str = "after: 5m, then: deny";

/// The stand, with a relay before each Envoy, and each Envoy's listeners, in the same order.
pub struct Scene {
    pub stand: Stand,
    pub relays: Vec<FeedRelay>,
    pub listeners: Vec<Listeners>,
}

impl Scene {
    /// Starts it, with what `when_stale` is to be.
    pub fn start(name: &str, when_stale: &str) -> Result<Self> {
        let directory = directories::of_stand(name)?;
        let relays = RefCell::new(Vec::new());
        let (stand, listeners) = Stand::start_two_with_listeners(&directory, DRAIN, |yaml| {
            ensure!(yaml.contains(SHIPPED), "the bootstrap says not {SHIPPED}");
            let (yaml, relay) = FeedRelay::before(&yaml.replace(SHIPPED, when_stale))?;
            relays.borrow_mut().push(relay);
            Ok(yaml)
        })?;
        // Those of a start that failed come first.
        let mut relays = relays.take();
        let relays = relays.split_off(relays.len().saturating_sub(listeners.len()));
        Ok(Self {
            stand,
            relays,
            listeners,
        })
    }

    /// With what is shipped.
    pub fn start_as_shipped(name: &str) -> Result<Self> {
        Self::start(name, SHIPPED)
    }

    /// Adds a listener to each Envoy whose filter is configured otherwise than the others', if only
    /// by the timeout of its calls: listeners with the very same configuration may share a root
    /// context in each VM.
    pub fn add_listener(&self, name: &str, timeout: &str) -> Result<()> {
        self.add_changed(name, |configuration| {
            configuration["control"]["timeout"] = timeout.into();
        })
    }

    /// Adds a listener to each Envoy, with a change to its filter's configuration.
    pub fn add_changed(&self, name: &str, change: impl Fn(&mut Value)) -> Result<()> {
        for (envoy, listeners) in self.stand.envoys().zip(&self.listeners) {
            listeners.add(name, &change)?;
            wait::until(&format!("listener {name}"), LIMIT, || {
                Ok(envoy.admin().listener(name).ok().map(drop))
            })?;
        }
        Ok(())
    }

    /// Asks at a listener of each Envoy, on several connections, with a browser's cookies.
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
        let authority = &self.stand.deployment.certificates.authority;
        let mut connections = Vec::new();
        for envoy in self.stand.envoys() {
            let port = envoy.admin().listener(listener)?.port();
            for _ in 0..CONNECTIONS {
                connections.push(Connection::open(port, &application.host, authority)?);
            }
        }
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

    /// A figure of the feed, as each Envoy shows it.
    pub fn figures(&self, name: &str) -> Result<Vec<u64>> {
        let name = format!("wasmcustom.portcullis.feed.{name}");
        let envoys = self.stand.envoys();
        envoys
            .map(|envoy| {
                let stats = envoy.admin().stats(&name)?;
                Ok(stats.get(&name).copied().unwrap_or_default())
            })
            .collect()
    }
}
