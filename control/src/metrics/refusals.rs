//! Counts the requests that were refused. A response that refuses carries a [`Refused`]; a layer of
//! each listener counts it.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

type Counters = Family<[(&'static str, &'static str); 2], Counter>;

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// The filter API's `exchange`.
    Exchange,
    /// The filter API's `refresh`.
    Refresh,
    /// The filter API's `service`.
    Service,
    /// The filter API's `logout`.
    Logout,
    /// The filter API's `feed`.
    Feed,
    /// A page of the team domain.
    Page,
    /// The endpoints that give tokens to scripts.
    Scripts,
    /// The endpoints at which identity providers report.
    ProviderEvents,
    /// The admin API.
    Admin,
    /// No endpoint has the path.
    None,
}

/// Why a response refuses a request. It is an extension of the response.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// What was asked; where this is [`Endpoint::None`], the path says it.
    pub endpoint: Endpoint,
    /// The machine-readable reason.
    pub reason: &'static str,
}

/// The counters. Clones share their values.
#[derive(Debug, Clone)]
pub struct Refusals(Counters);

impl Endpoint {
    const ALL: [Self; 10] = [
        Self::Exchange,
        Self::Refresh,
        Self::Service,
        Self::Logout,
        Self::Feed,
        Self::Page,
        Self::Scripts,
        Self::ProviderEvents,
        Self::Admin,
        Self::None,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Exchange => "exchange",
            Self::Refresh => "refresh",
            Self::Service => "service",
            Self::Logout => "logout",
            Self::Feed => "feed",
            Self::Page => "page",
            Self::Scripts => "scripts",
            Self::ProviderEvents => "provider_events",
            Self::Admin => "admin",
            Self::None => "none",
        }
    }

    fn of_filter_call(path: &str) -> Self {
        match path.strip_prefix("/api/filter/v1/") {
            Some("exchange") => Self::Exchange,
            Some("refresh") => Self::Refresh,
            Some("service") => Self::Service,
            Some("logout") => Self::Logout,
            Some("feed") => Self::Feed,
            _ => Self::None,
        }
    }
}

impl Default for Refusals {
    /// Every endpoint begins at 0 for what fails everywhere: the database.
    fn default() -> Self {
        let counters = Counters::default();
        for endpoint in Endpoint::ALL {
            let _ = counters.get_or_create(&labels(endpoint, "unavailable"));
        }
        Self(counters)
    }
}

impl Refusals {
    /// Counts a refusal.
    pub fn count(&self, endpoint: Endpoint, reason: &'static str) {
        self.0.get_or_create(&labels(endpoint, reason)).inc();
    }

    pub(super) fn counters(&self) -> Counters {
        self.0.clone()
    }
}

/// The layer that counts.
pub async fn count_refusals(
    State(refusals): State<Refusals>,
    request: Request,
    next: Next,
) -> Response {
    let by_path = Endpoint::of_filter_call(request.uri().path());
    let response = next.run(request).await;
    if let Some(Refused { endpoint, reason }) = response.extensions().get() {
        let endpoint = match *endpoint {
            Endpoint::None => by_path,
            endpoint => endpoint,
        };
        refusals.count(endpoint, reason);
    }
    response
}

fn labels(endpoint: Endpoint, reason: &'static str) -> [(&'static str, &'static str); 2] {
    [("endpoint", endpoint.as_str()), ("reason", reason)]
}
