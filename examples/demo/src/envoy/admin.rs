//! Envoy's admin endpoint: statistics, readiness, listeners.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context, Result};
use reqwest::blocking::Client;
use serde::Deserialize;
use serde_json::Value;

/// An admin endpoint.
#[derive(Debug)]
pub struct Admin {
    address: SocketAddr,
    client: Client,
}

impl Admin {
    pub(super) fn new(address: SocketAddr) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { address, client })
    }

    /// Counters and gauges whose names match a regular expression.
    ///
    /// # Errors
    /// When the admin endpoint does not answer.
    pub fn stats(&self, filter: &str) -> Result<BTreeMap<String, u64>> {
        #[derive(Deserialize)]
        struct Stats {
            stats: Vec<Stat>,
        }
        // Histograms come in the same list, without a name.
        #[derive(Deserialize)]
        struct Stat {
            name: Option<String>,
            value: Option<u64>,
        }
        let mut url = url::Url::parse(&format!("http://{}/stats", self.address))?;
        url.query_pairs_mut()
            .append_pair("format", "json")
            .append_pair("filter", filter);
        let stats: Stats = self
            .client
            .get(url)
            .send()?
            .error_for_status()?
            .json()
            .context("Envoy's statistics do not read")?;
        let named = stats.stats.into_iter();
        Ok(named
            .filter_map(|stat| Some((stat.name?, stat.value?)))
            .collect())
    }

    /// The text of a page, such as `/config_dump`.
    ///
    /// # Errors
    /// When the admin endpoint does not answer.
    pub fn text(&self, path: &str) -> Result<String> {
        let url = format!("http://{}{path}", self.address);
        Ok(self.client.get(url).send()?.error_for_status()?.text()?)
    }

    /// Lets a part of Envoy log more, or less.
    ///
    /// # Errors
    /// When the admin endpoint does not answer, or knows no such part or level.
    pub fn set_log_level(&self, part: &str, level: &str) -> Result<()> {
        let url = format!("http://{}/logging?{part}={level}", self.address);
        self.client.post(url).send()?.error_for_status()?;
        Ok(())
    }

    /// Where a listener listens, by its name: it may have been told to take any port.
    ///
    /// # Errors
    /// When the admin endpoint does not answer, or knows no such listener.
    pub fn listener(&self, name: &str) -> Result<SocketAddr> {
        let url = format!("http://{}/listeners?format=json", self.address);
        let listeners: Value = self.client.get(url).send()?.error_for_status()?.json()?;
        let statuses = listeners.get("listener_statuses").and_then(Value::as_array);
        let address = statuses
            .into_iter()
            .flatten()
            .find(|status| status.get("name").and_then(Value::as_str) == Some(name))
            .and_then(|status| status.pointer("/local_address/socket_address"))
            .with_context(|| format!("Envoy has no listener {name}"))?;
        let part = |field: &str| address.get(field).with_context(|| format!("no {field}"));
        let host = part("address")?.as_str().unwrap_or_default().parse()?;
        let port = part("port_value")?
            .as_u64()
            .unwrap_or_default()
            .try_into()?;
        Ok(SocketAddr::new(host, port))
    }
}
