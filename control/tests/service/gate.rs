//! The real filter core in front of the wiki, with the test's clock, asking the running service.

use std::collections::BTreeMap;

use portcullis::config::Config;
use portcullis::feed::FeedAnswer;
use portcullis::filter::{Call, CallAnswer, Effect, Filter, Moment, Random};
use portcullis::request::{Field, Head};
use portcullis::session::signature::NoHostSignatures;
use portcullis::time::UnixMillis;
use portcullis_control::system::clock::Clock;
use portcullis_control::system::randomness::{Randomness, SystemRandomness};
use serde_json::json;

use crate::harness::{Service, TEAM_DOMAIN, WIKI};

const STREAM: u32 = 1;

/// What a request is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Navigation,
    SubRequest,
}

/// A browser's cookies for the wiki.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    /// Name to value and end, in seconds since 1970.
    cookies: BTreeMap<String, (String, u64)>,
    /// Whether cookies are sent past their end, as no browser does.
    pub forgets_nothing: bool,
}

/// The filter core with its credential.
pub struct Gate {
    filter: Filter,
    credential: String,
}

struct TestRandom;

impl Random for TestRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        SystemRandomness.fill(bytes).unwrap();
    }
}

impl Jar {
    /// Takes a `set-cookie` as browsers do.
    pub fn take(&mut self, set_cookie: &str, now: u64) {
        let (name, rest) = set_cookie.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap().to_owned();
        let max_age = rest.split("Max-Age=").nth(1).unwrap();
        let max_age: u64 = max_age.split(';').next().unwrap().parse().unwrap();
        self.cookies.insert(name.to_owned(), (value, now + max_age));
    }

    fn header(&self, now: u64) -> String {
        let alive = |end: u64| end > now || self.forgets_nothing;
        let alive = self.cookies.iter().filter(|(_, (_, end))| alive(*end));
        let pairs = alive.map(|(name, (value, _))| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

impl Gate {
    pub async fn new(service: &Service) -> Self {
        Self::named(service, "test", "5m").await
    }

    /// Of the VM of that name, which lets nobody in after so long without news.
    pub async fn named(service: &Service, instance: &str, stale_after: &str) -> Self {
        let config = json!({
            "team_domain": TEAM_DOMAIN,
            "control": { "cluster": "c", "authority": "a", "credential_env": "E" },
            "when_stale": { "after": stale_after, "then": "deny" },
        });
        let config = Config::read(config.to_string().as_bytes()).unwrap();
        Self {
            filter: Filter::new(config, Box::new(NoHostSignatures), instance.to_owned()),
            credential: service.credential(&[]).await,
        }
    }

    /// What becomes of a request, after all callouts and waiting.
    pub async fn request(
        &mut self,
        service: &Service,
        (kind, path): (Kind, &str),
        jar: &Jar,
    ) -> Effect {
        self.follow(service).await;
        let cookies = jar.header(service.clock.seconds());
        let mut fields = vec![
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", WIKI.trim_start_matches("https://")),
            (":path", path),
        ];
        fields.extend(match kind {
            Kind::Navigation => [
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            Kind::SubRequest => [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        });
        if !cookies.is_empty() {
            fields.push(("cookie", &cookies));
        }
        let effect = self.begin(service, STREAM, (&fields, false));
        self.drive(service, effect).await
    }

    /// What becomes of a GET at the wiki with these header fields, after all callouts and waiting.
    pub async fn get(&mut self, service: &Service, path: &str, more: &[(&str, &str)]) -> Effect {
        self.follow(service).await;
        let mut fields = vec![
            (":method", "GET"),
            (":scheme", "https"),
            (":authority", WIKI.trim_start_matches("https://")),
            (":path", path),
        ];
        fields.extend(more);
        let effect = self.begin(service, STREAM, (&fields, false));
        self.drive(service, effect).await
    }

    /// What becomes of a request with these fields, with a body or without, at first.
    pub fn begin(
        &mut self,
        service: &Service,
        stream: u32,
        (fields, has_body): (&[(&str, &str)], bool),
    ) -> Effect {
        let fields: Vec<Field<'_>> = fields
            .iter()
            .map(|(name, value)| Field {
                name: name.as_bytes(),
                value: value.as_bytes(),
            })
            .collect();
        let head = Head::new(&fields, has_body);
        self.at(service, |filter, moment| filter.begin(stream, head, moment))
    }

    async fn drive(&mut self, service: &Service, mut effect: Effect) -> Effect {
        loop {
            effect = match effect {
                Effect::Call(call) => {
                    let (status, body) = self.call(service, call).await;
                    let answer = CallAnswer {
                        status: Some(status),
                        body: &body,
                    };
                    self.at(service, |filter, moment| {
                        filter.answered(STREAM, answer, moment).unwrap()
                    })
                }
                Effect::AwaitRoot => {
                    self.refresh(service).await;
                    self.at(service, |filter, moment| {
                        assert_eq!(filter.due(moment.now), [STREAM]);
                        filter.wake(STREAM, moment).unwrap()
                    })
                }
                Effect::Pause => panic!("it waits for a feed that it has"),
                done => return done,
            }
        }
    }

    async fn refresh(&mut self, service: &Service) {
        let now = now(service);
        for due in self.filter.root_calls(now) {
            let (status, body) = self.call(service, due.call).await;
            let answer = CallAnswer {
                status: Some(status),
                body: &body,
            };
            self.filter.root_call_answered(due.id, answer, now);
        }
    }

    /// What the service answers to a call.
    pub async fn call(&self, service: &Service, call: Call) -> (u16, Vec<u8>) {
        let body = serde_json::from_str(&call.body).unwrap();
        let answer = service.post(&self.credential, call.name, body).await;
        let status = answer.status().as_u16();
        (status, answer.bytes().await.unwrap().to_vec())
    }

    /// Takes what the feed has to tell, without waiting for more. Whether a poll was due at all.
    pub async fn follow(&mut self, service: &Service) -> bool {
        let now = now(service);
        let mut has_polled = false;
        while let Some(poll) = self.filter.poll(now, 0) {
            let query = poll.query.split('&');
            let query: Vec<&str> = query.filter(|part| !part.starts_with("wait=")).collect();
            let url = service.call(&format!("feed?{}", query.join("&")));
            let request = service.http.get(url).bearer_auth(&self.credential);
            let answer = request.send().await.unwrap();
            let status = answer.status().as_u16();
            let body = answer.bytes().await.unwrap();
            let answer = FeedAnswer {
                status: Some(status),
                body: &body,
            };
            self.filter.feed_answered(now, 0, answer).unwrap();
            has_polled = true;
        }
        has_polled
    }

    /// Drives the filter at this moment.
    pub fn at<T>(
        &mut self,
        service: &Service,
        f: impl FnOnce(&mut Filter, &mut Moment<'_>) -> T,
    ) -> T {
        let mut moment = Moment {
            now: now(service),
            random: &mut TestRandom,
            address: &|| None,
        };
        f(&mut self.filter, &mut moment)
    }
}

fn now(service: &Service) -> UnixMillis {
    service.clock.now()
}
