//! Metrics, handed to the host on each tick.

use std::collections::HashMap;
use std::mem;

use crate::envoy::host;
use crate::envoy::shared::Shared;
use crate::filter::statistics;
use crate::time::UnixMillis;

/// The metrics of the host.
#[derive(Default)]
pub(super) struct Metrics {
    /// The host's ids, by name.
    ids: HashMap<String, u32>,
    are_defined: bool,
}

impl Metrics {
    /// Hands over what was counted, and the figures of the feed.
    pub fn hand_over(&mut self, shared: &Shared, now: UnixMillis) {
        self.define_all();
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

    /// Defines every counter, which is then there before it counts.
    fn define_all(&mut self) {
        if !mem::replace(&mut self.are_defined, true) {
            for name in statistics::counters() {
                let _ = self.find(name, host::counter);
            }
        }
    }

    fn find(
        &mut self,
        name: String,
        define: fn(&str) -> Result<u32, host::HostError>,
    ) -> Option<u32> {
        if let Some(metric) = self.ids.get(&name) {
            return Some(*metric);
        }
        let metric = define(&name).ok()?;
        self.ids.insert(name, metric);
        Some(metric)
    }
}
