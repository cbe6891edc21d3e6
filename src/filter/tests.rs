//! Scenarios: requests, answers and ticks in; effects out.

mod begin_again;
mod frames;
mod frameworks;
mod groups;
mod header_tokens;
mod login;
mod logout;
mod open_streams;
mod overrides;
mod pages;
mod place;
mod readers;
mod ready;
mod refresh;
mod requests;
mod service;
mod shared_feed;
mod silent;
mod slashes;
mod waiting;
mod wildcard;

use std::net::IpAddr;
use std::time::Duration;

use super::login::attempt::tests::Counting;
use super::pending::{FEED_WAIT, LOST_AFTER, MAX_BURNS, MAX_CALLS_OF_STRANGERS};
use super::*;
use crate::application::tests::{at, wire};
use crate::feed::{FeedAnswer, FeedError, Progress};
use crate::protocol::calls::{CookieSettings, ExchangeAnswer, SameSite};
use crate::protocol::claims::ApplicationClaims;
use crate::protocol::feed::{
    ApplicationChanges, FeedApplication, FeedPage, JwkSet, PageKind, Revocation, RevocationChanges,
    Subject,
};
use crate::reply::Reply;
use crate::request::tests::with_head;
use crate::session::signature::NoHostSignatures;
use crate::session::verifier::tests::{Signer, binding, claims};
use crate::time::UnixSeconds;

const NOW: UnixMillis = UnixMillis::new(1_795_450_380_000);

struct World {
    filter: Filter,
    signer: Signer,
    version: u64,
    now: UnixMillis,
    /// The client's.
    address: Option<IpAddr>,
}

const CONFIG: &str = r#"{
    "team_domain": "https://team.example.com",
    "control": { "cluster": "c", "authority": "a", "credential_env": "E" },
    "when_stale": { "after": "5m", "then": "deny" }
}"#;

impl World {
    fn without_feed(config: &str) -> Self {
        let config = Config::read(config.as_bytes()).unwrap();
        Self {
            filter: Filter::new(config, Box::new(NoHostSignatures), "vm".into()),
            signer: Signer::new(),
            version: 41,
            now: NOW,
            address: None,
        }
    }

    fn new() -> Self {
        let mut world = Self::without_feed(CONFIG);
        world.load(vec![wire("a", &[at("wiki.example", None, None)]), {
            let mut w = wire("b", &[at("notes.example", None, None)]);
            w.binding = false;
            w
        }]);
        world
    }

    fn load(&mut self, applications: Vec<FeedApplication>) {
        let page = FeedPage {
            epoch: "e1".into(),
            kind: PageKind::Snapshot,
            after: 0,
            version: self.version,
            next: None,
            now: NOW.to_seconds(),
            proof: None,
            keys: Some(JwkSet {
                keys: vec![self.signer.jwk()],
            }),
            applications: ApplicationChanges {
                put: applications,
                delete: vec![],
            },
            revocations: RevocationChanges::default(),
        };
        self.feed(&page);
    }

    fn feed(&mut self, page: &FeedPage) {
        self.filter.poll(self.now, 0).unwrap();
        let body = serde_json::to_vec(page).unwrap();
        let answer = FeedAnswer {
            status: Some(200),
            body: &body,
        };
        self.filter.feed_answered(self.now, 0, answer).unwrap();
    }

    fn revoke(&mut self, subject: Subject) {
        let after = self.version;
        self.version += 1;
        self.feed(&FeedPage {
            epoch: "e1".into(),
            kind: PageKind::Delta,
            after,
            version: self.version,
            next: None,
            now: NOW.to_seconds(),
            proof: None,
            keys: None,
            applications: ApplicationChanges::default(),
            revocations: RevocationChanges {
                put: vec![Revocation {
                    subject,
                    version: self.version,
                    fresh: false,
                    until: UnixSeconds::new(NOW.get()),
                }],
                delete: vec![],
            },
        });
    }

    fn with_moment<T>(&mut self, f: impl FnOnce(&mut Filter, &mut Moment<'_>) -> T) -> T {
        let mut random = Counting(1);
        let address = self.address;
        let mut moment = Moment {
            now: self.now,
            random: &mut random,
            address: &|| address,
        };
        f(&mut self.filter, &mut moment)
    }

    fn begin(&mut self, stream: u32, fields: &[(&str, &str)]) -> Effect {
        with_head(fields, |head| {
            self.with_moment(|filter, moment| filter.begin(stream, head, moment))
        })
    }

    fn send(&mut self, fields: &[(&str, &str)]) -> Effect {
        self.begin(1, fields)
    }

    fn answer(&mut self, status: Option<u16>, body: &[u8]) -> Option<Effect> {
        self.with_moment(|filter, moment| filter.answered(1, CallAnswer { status, body }, moment))
    }

    fn wake(&mut self) -> Option<Effect> {
        assert_eq!(self.filter.due(self.now), [1]);
        self.with_moment(|filter, moment| filter.wake(1, moment))
    }

    /// The calls that the root has to make.
    fn calls(&mut self) -> Vec<RootCall> {
        self.filter.root_calls(self.now)
    }

    /// The only one.
    fn call(&mut self) -> RootCall {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1);
        calls.remove(0)
    }

    fn answer_call(&mut self, id: RootCallId, status: Option<u16>, body: &[u8]) {
        let answer = CallAnswer { status, body };
        self.filter.root_call_answered(id, answer, self.now);
    }

    /// Drives on all that are due, as the root does in one callback.
    fn wake_due(&mut self) -> Vec<(u32, Effect)> {
        let due = self.filter.due(self.now);
        due.into_iter()
            .filter_map(|stream| {
                let effect = self.with_moment(|filter, moment| filter.wake(stream, moment));
                effect.map(|effect| (stream, effect))
            })
            .collect()
    }

    /// What was counted under a name since the last look.
    fn counted(&mut self, name: &str) -> u64 {
        let name = format!("portcullis.{name}");
        let mut counters = self.filter.take_counters();
        counters
            .find(|(counted, _)| *counted == name)
            .map_or(0, |(_, count)| count)
    }

    fn token(&self, change: impl FnOnce(&mut ApplicationClaims)) -> String {
        let mut claims = claims();
        change(&mut claims);
        self.signer.sign(&claims)
    }

    fn session_cookie(&self) -> String {
        format!(
            "a=1; __Host-access_token={}; __Host-access_binding={}",
            self.token(|_| ()),
            binding()
        )
    }
}

fn get<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![(":method", "GET"), (":authority", host), (":path", path)]
}

fn navigate<'a>(host: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = get(host, path);
    fields.extend([
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
    ]);
    fields
}

fn with<'a>(
    mut fields: Vec<(&'a str, &'a str)>,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    fields.extend(more);
    fields
}

fn reply(effect: Effect) -> Reply {
    match effect {
        Effect::Reply(reply) => reply,
        other => panic!("no reply but {other:?}"),
    }
}

fn status(effect: Effect) -> (u16, &'static str) {
    let reply = reply(effect);
    (reply.status, reply.reason)
}

fn all<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    reply
        .headers
        .iter()
        .filter(|(n, _)| *n == name)
        .map(|(_, v)| v.as_str())
        .collect()
}

/// A refusal of the control service.
fn problem(status: u16, reason: &str) -> Vec<u8> {
    format!(r#"{{"type":"about:blank","title":"no","status":{status},"reason":"{reason}"}}"#)
        .into_bytes()
}

/// Goes to the login and returns the attempt's cookie and state.
fn begin_login(world: &mut World, site: &str) -> (String, String) {
    let fields = with(navigate("wiki.example", "/a"), &[("sec-fetch-site", site)]);
    let reply = reply(world.send(&fields));
    let cookie = all(&reply, "set-cookie")[0]
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let location = all(&reply, "location")[0];
    let state = location
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    (cookie, state.to_owned())
}

fn exchange_answer(world: &World, same_site: SameSite) -> Vec<u8> {
    serde_json::to_vec(&ExchangeAnswer {
        token: world.token(|_| ()),
        binding: Some(binding()),
        session_exp: claims().session_exp,
        return_to: "/a".into(),
        cookie: CookieSettings {
            http_only: true,
            same_site,
            partitioned: false,
        },
    })
    .unwrap()
}
