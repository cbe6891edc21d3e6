//! Service tokens: pairs that programs show, calls about them, and the tokens that they get.

mod calls;
mod forms;
mod judged;

use super::*;
use crate::protocol::calls::ServiceAnswer;
use crate::protocol::claims::TokenUse;
use crate::protocol::feed::Rule;
use crate::protocol::service_token::{client_id, secret, subject};
use std::net::IpAddr;

const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
/// The life of a token.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// A filter, and programs with service tokens.
struct Programs {
    world: World,
    address: IpAddr,
}

impl Programs {
    fn new() -> Self {
        Self {
            world: World::new(),
            address: [192, 0, 2, 1].into(),
        }
    }

    fn send(&mut self, stream: u32, fields: &[(&str, &str)]) -> Effect {
        let mut random = Counting(1);
        let address = self.address;
        let mut moment = Moment {
            now: self.world.now,
            random: &mut random,
            address: &|| Some(address),
        };
        with_head(fields, |head| {
            self.world.filter.begin(stream, head, &mut moment)
        })
    }

    /// A request with a pair.
    fn show(&mut self, stream: u32, secret: &str) -> Effect {
        self.send(stream, &shown("wiki.example", &client_id(ID), secret))
    }

    fn calls(&mut self) -> Vec<RootCall> {
        self.world.filter.root_calls(self.world.now)
    }

    /// The only call.
    fn call(&mut self) -> RootCall {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1);
        calls.remove(0)
    }

    fn answer(&mut self, id: RootCallId, status: Option<u16>, body: &[u8]) {
        let answer = CallAnswer { status, body };
        let now = self.world.now;
        self.world.filter.root_call_answered(id, answer, now);
    }

    /// Drives on all that are due, as the root does in one callback.
    fn wake_due(&mut self) -> Vec<(u32, Effect)> {
        let due = self.world.filter.due(self.world.now);
        due.into_iter()
            .filter_map(|stream| {
                let effect = self
                    .world
                    .with_moment(|filter, moment| filter.wake(stream, moment));
                effect.map(|effect| (stream, effect))
            })
            .collect()
    }

    /// One request with a pair, one call, one answer; what the request gets.
    fn ask(&mut self, secret: &str, status: Option<u16>, body: &[u8]) -> Effect {
        assert_eq!(self.show(1, secret), Effect::AwaitRoot);
        let call = self.call();
        self.answer(call.id, status, body);
        let mut woken = self.wake_due();
        assert_eq!(woken.len(), 1);
        woken.remove(0).1
    }

    /// The token that the control service would make now.
    fn token(&self, change: impl FnOnce(&mut ApplicationClaims)) -> String {
        let now = self.world.now.to_seconds();
        let version = self.world.version;
        self.world.token(|claims| {
            of_the_service(claims);
            (claims.iat, claims.nbf, claims.exp) = (now, now, now + LIFE);
            claims.session_exp = now + LIFE * 1_000;
            (claims.ver, claims.auth_ver) = (version, version);
            change(claims);
        })
    }

    fn good(&self) -> Vec<u8> {
        answer_of(self.token(|_| ()))
    }

    /// The pair has been found good.
    fn known(secret: &str) -> Self {
        let mut programs = Self::new();
        let good = programs.good();
        admitted(programs.ask(secret, Some(200), &good));
        programs
    }

    /// Time passes, and the feed goes on.
    fn pass(&mut self, span: Duration) {
        self.world.now += span;
        self.world.revoke(Subject::User("somebody-else".into()));
    }

    fn counted(&mut self, name: &str) -> u64 {
        let name = format!("portcullis.service.{name}");
        let mut counters = self.world.filter.take_counters();
        counters
            .find(|(counted, _)| *counted == name)
            .map_or(0, |(_, count)| count)
    }
}

fn of_the_service(claims: &mut ApplicationClaims) {
    (claims.sub, claims.sid) = (subject(ID), subject(ID));
    claims.email = String::new();
    (claims.usage, claims.cnf) = (Some(TokenUse::Header), None);
}

/// A secret by a number.
fn secret_of(number: u8) -> String {
    secret(&[number; 32])
}

fn shown<'a>(host: &'a str, client_id: &'a str, secret: &'a str) -> Vec<(&'a str, &'a str)> {
    with(
        get(host, "/api"),
        &[
            ("x-access-client-id", client_id),
            ("x-access-client-secret", secret),
        ],
    )
}

fn answer_of(token: String) -> Vec<u8> {
    serde_json::to_vec(&ServiceAnswer { token }).unwrap()
}

fn problem(status: u16, reason: &str) -> Vec<u8> {
    format!(r#"{{"type":"about:blank","title":"no","status":{status},"reason":"{reason}"}}"#)
        .into_bytes()
}

fn invalid() -> Vec<u8> {
    problem(403, "service_token_invalid")
}

fn admitted(effect: Effect) -> Changes {
    match effect {
        Effect::Continue(changes) => changes,
        other => panic!("not admitted but {other:?}"),
    }
}
