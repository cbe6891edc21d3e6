//! A control service as far as load needs one: it gives filters a snapshot with as many revocations
//! as wanted, and then no news. It can have RS256 keys, and its revocations cost no database.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use portcullis::protocol::calls::{CookieSettings, PREFIX, SameSite};
use portcullis::protocol::feed::{
    ApplicationChanges, ApplicationOrigin, EscapedSlashes, FeedApplication, FeedPage, Jwk, JwkSet,
    PageKind, Preflight, RefreshInRequest, Revocation, RevocationChanges, Rule, Scheme, Subject,
};
use portcullis::time::UnixSeconds;
use portcullis_demo::origin::Origin;
use serde::Deserialize;

use crate::credentials::{AUDIENCE, HOST, RULE, RULE_ELSEWHERE, now};

/// The version of every snapshot, above that of all its revocations.
pub const APPLIED_VERSION: u64 = 2_000_000;

const EPOCH: &str = "bench";
const PAGE: u64 = 20_000;
/// The networks of an organisation, of which the last one has this machine.
const HERE: [&str; 6] = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "203.0.113.0/24",
    "2001:db8::/32",
    "127.0.0.0/8",
];
/// Networks without this machine.
const ELSEWHERE: [&str; 1] = ["192.0.2.0/24"];
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct FeedServer(Origin);

struct Feed {
    keys: Vec<Jwk>,
    revocations: u64,
    asks_networks: bool,
    now: UnixSeconds,
}

#[derive(Deserialize)]
struct Poll {
    epoch: Option<String>,
    next: Option<u64>,
    #[serde(default)]
    wait: u64,
}

impl FeedServer {
    /// Serves a feed with these keys and so many revocations on a free port. The policy's rules ask for
    /// networks or not.
    ///
    /// # Errors
    /// When there is no port.
    pub fn start(keys: Vec<Jwk>, revocations: u64, asks_networks: bool) -> Result<Self> {
        let feed = Arc::new(Feed {
            keys,
            revocations,
            asks_networks,
            now: now()?,
        });
        let router = Router::new()
            .route(&format!("{PREFIX}feed"), get(answer))
            .with_state(feed);
        Origin::start(router).map(Self)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.0.address().port()
    }
}

/// The id of a user whom a snapshot revokes.
pub fn revoked_user(number: u64) -> String {
    // Spread like real ids, which are random.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{spread:016x}{number:06x}")
}

async fn answer(State(feed): State<Arc<Feed>>, Query(poll): Query<Poll>) -> Response {
    if poll.epoch.as_deref() == Some(EPOCH) {
        tokio::time::sleep(Duration::from_secs(poll.wait)).await;
        return StatusCode::NO_CONTENT.into_response();
    }
    Json(feed.page(poll.next.unwrap_or(0))).into_response()
}

impl Feed {
    fn page(&self, from: u64) -> FeedPage {
        let until = (from + PAGE).min(self.revocations);
        let first = from == 0;
        FeedPage {
            epoch: EPOCH.to_owned(),
            kind: PageKind::Snapshot,
            after: 0,
            version: APPLIED_VERSION,
            next: (until < self.revocations).then(|| until.to_string()),
            now: self.now,
            proof: None,
            keys: first.then(|| JwkSet {
                keys: self.keys.clone(),
            }),
            applications: ApplicationChanges {
                put: first
                    .then(|| application(self.asks_networks))
                    .into_iter()
                    .collect(),
                delete: Vec::new(),
            },
            revocations: RevocationChanges {
                put: (from..until)
                    .map(|number| self.revocation(number))
                    .collect(),
                delete: Vec::new(),
            },
        }
    }

    fn revocation(&self, number: u64) -> Revocation {
        Revocation {
            subject: Subject::User(revoked_user(number)),
            version: number + 1,
            fresh: false,
            until: self.now + DAY,
        }
    }
}

fn application(asks_networks: bool) -> FeedApplication {
    FeedApplication {
        audience: AUDIENCE.to_owned(),
        name: "wiki".to_owned(),
        origins: vec![ApplicationOrigin {
            scheme: Scheme::Https,
            hostname: HOST.to_owned(),
            port: None,
            path_prefix: None,
        }],
        binding: true,
        cookie: CookieSettings {
            http_only: true,
            same_site: SameSite::Lax,
            partitioned: false,
        },
        header_tokens: false,
        refresh_in_request: RefreshInRequest::WithBinding,
        preflight: Preflight::Deny,
        cors_origins: Vec::new(),
        keep_override_headers: false,
        escaped_slashes: EscapedSlashes::default(),
        bypass: Vec::new(),
        bypass_from: Vec::new(),
        rules: vec![
            rule(RULE, asks_networks.then_some(&HERE)),
            rule(RULE_ELSEWHERE, asks_networks.then_some(&ELSEWHERE)),
        ],
    }
}

fn rule(id: &str, source_ranges: Option<&[&str]>) -> Rule {
    let texts = |ranges: &[&str]| ranges.iter().map(|range| (*range).to_owned()).collect();
    Rule {
        id: id.to_owned(),
        source_ranges: source_ranges.map(texts),
    }
}
