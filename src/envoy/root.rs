//! The root context: one configuration in one VM. It polls the feed, wakes requests that wait, and
//! hands metrics to the host.

mod feed;
mod metrics;
mod shared_calls;
mod wake;

use std::collections::HashMap;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use super::control::Control;
use super::host::{self, HostRandom};
use super::shared::Shared;
use super::shared_data::HostSharedData;
use super::signature::EnvoySignatures;
use super::stream::Stream;
use crate::config::Config;
use crate::filter::{Filter, Random, RootCallId};
use crate::protocol::base64url;
use crate::session::signature::{HostSignatures, NoHostSignatures};
use metrics::Metrics;

/// The root context.
pub struct Root {
    id: u32,
    shared: Option<Rc<Shared>>,
    /// The call of the poll that is under way.
    poll: Option<u32>,
    /// The streams of the calls that the root has made for them, by the call.
    calls: HashMap<u32, u32>,
    /// The calls that requests of many streams may wait for, by the call.
    shared_calls: HashMap<u32, RootCallId>,
    metrics: Metrics,
    last_error: Option<String>,
}

impl Root {
    /// A root context that has no configuration yet.
    pub fn new(id: u32) -> Self {
        Self {
            id,
            shared: None,
            poll: None,
            calls: HashMap::new(),
            shared_calls: HashMap::new(),
            metrics: Metrics::default(),
            last_error: None,
        }
    }

    fn configure(&mut self, size: usize) -> Result<(), String> {
        let config = Config::read(&host::configuration(size)).map_err(|error| error.to_string())?;
        let control = Control::of(&config)?;
        let signatures: Box<dyn HostSignatures> = match EnvoySignatures::self_tested() {
            Some(signatures) => Box::new(signatures),
            None => {
                log::warn!("this host cannot check signatures; they are checked in pure Rust");
                Box::new(NoHostSignatures)
            }
        };
        let mut filter = Filter::new(config, signatures, instance());
        let data = Box::new(HostSharedData);
        filter.share(data, control.credential(), host::node(), host::now());
        let shared = Shared::new(filter, control).map_err(|error| error.to_string())?;
        self.shared = Some(Rc::new(shared));
        Ok(())
    }

    /// Logs an error once, not at every attempt.
    fn log_once(&mut self, error: String) {
        if self.last_error.as_ref() != Some(&error) {
            log::warn!("{error}");
            self.last_error = Some(error);
        }
    }
}

/// The configuration is dropped, and with it the answer of a poll that is under way: another VM
/// polls from now on.
impl Drop for Root {
    fn drop(&mut self) {
        if let Some(Ok(mut filter)) = self.shared.as_ref().map(|s| s.filter.try_borrow_mut()) {
            filter.leave(host::now());
        }
    }
}

impl Context for Root {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body: usize, _trailers: usize) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        if self.poll == Some(token) {
            self.poll = None;
            self.feed_answered(&shared, headers, body);
        } else if let Some(call) = self.shared_calls.remove(&token) {
            self.shared_call_answered(&shared, call, headers, body);
        } else if let Some(stream) = self.calls.remove(&token) {
            self.call_answered(&shared, stream, headers, body);
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, size: usize) -> bool {
        match self.configure(size) {
            Ok(()) => true,
            Err(error) => {
                log::error!("{error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(shared) = self.shared.clone() {
            let now = host::now();
            self.look(&shared, now);
            self.poll_if_due(&shared, now);
            self.make_calls(&shared, now);
            self.wake(&shared, now);
            self.metrics.hand_over(&shared, now);
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(id, self.shared.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

/// A name for this VM.
fn instance() -> String {
    let mut bytes = [0; 9];
    HostRandom.fill(&mut bytes);
    base64url::encode(&bytes)
}
