//! Metrics, handed to the host on each tick.

use std::collections::HashMap;

use crate::envoy::host;
use crate::envoy::shared::Shared;
use crate::time::UnixMillis;

/// The host's ids of metrics, by their names.
#[derive(Default)]
pub(super) struct Metrics(HashMap<String, u32>);

impl Metrics {
    /// Hands over what was counted, and the figures of the feed.
    pub fn hand_over(&mut self, shared: &Shared, now: UnixMillis) {
        let Ok(mut filter) = shared.filter.try_borrow_mut() else {
            return;
        };
        for (name, count) in filter.take_counters() {
            if let Some(reason) = name.strip_prefix("portcullis.reported.") {
                log::info!("mode report: {count} requests would have been refused: {reason}");
            }
            if let Some(metric) = self.find(name, host::counter) {
                let _ = host::increment(metric, count);
            }
        }
        let Some(gauges) = filter.gauges(now) else {
            return;
        };
        for (name, value) in [
            ("portcullis.feed.version", gauges.version),
            ("portcullis.feed.age_seconds", gauges.age_seconds),
            ("portcullis.feed.entries", gauges.entries),
        ] {
            if let Some(metric) = self.find(name.to_owned(), host::gauge) {
                let _ = host::record(metric, value);
            }
        }
    }

    fn find(
        &mut self,
        name: String,
        define: fn(&str) -> Result<u32, host::HostError>,
    ) -> Option<u32> {
        if let Some(metric) = self.0.get(&name) {
            return Some(*metric);
        }
        let metric = define(&name).ok()?;
        self.0.insert(name, metric);
        Some(metric)
    }
}
