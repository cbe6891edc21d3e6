//! Service tokens: pairs that programs show, calls about them, and the tokens that they get.

mod calls;
mod forms;
mod judged;

use super::*;
use crate::protocol::calls::ServiceAnswer;
use crate::protocol::claims::TokenUse;
use crate::protocol::feed::Rule;
use crate::protocol::service_token::{client_id, secret, subject};

const ID: &str = "AAECAwQFBgcICQoLDA0ODw";
/// The life of a token.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// A filter, and programs with service tokens.
struct Programs {
    world: World,
}

impl Programs {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(mut world: World) -> Self {
        world.address = Some([192, 0, 2, 1].into());
        Self { world }
    }

    fn send(&mut self, stream: u32, fields: &[(&str, &str)]) -> Effect {
        self.world.begin(stream, fields)
    }

    /// A request with a pair.
    fn show(&mut self, stream: u32, secret: &str) -> Effect {
        self.send(stream, &shown("wiki.example", &client_id(ID), secret))
    }

    /// One request with a pair, one call, one answer; what the request gets.
    fn ask(&mut self, secret: &str, status: Option<u16>, body: &[u8]) -> Effect {
        assert_eq!(self.show(1, secret), Effect::AwaitRoot);
        let call = self.world.call();
        self.world.answer_call(call.id, status, body);
        let mut woken = self.world.wake_due();
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

fn invalid() -> Vec<u8> {
    problem(403, "service_token_invalid")
}

fn admitted(effect: Effect) -> Changes {
    match effect {
        Effect::Continue(changes) => changes,
        other => panic!("not admitted but {other:?}"),
    }
}
