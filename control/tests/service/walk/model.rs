//! What should happen: a second, small reading of what sessions promise, which shares no code
//! with the filter or the control service.
//!
//! - An administrator's change takes the next version. A VM knows what it has heard of, up to a
//!   version, and nothing later: only from then on is a revocation guaranteed there.
//! - `control`: what the team domain and the calls for filters answer, always by all changes.
//! - `filter`: what a VM makes of a request, by those that it has heard of.
//! - `browser`: which cookies a browser has and sends.
//! - `visit`: a person with a browser between the two.

mod browser;
mod control;
mod filter;
mod instants;
mod visit;

use std::collections::HashMap;

use super::seen::Claims;
use super::step::{
    APPLICATIONS, ApplicationNumber, BROWSERS, Change, FreshLogin, PEOPLE, PersonNumber, Rule,
    Seconds, SessionNumber, Settings, VMS, Version,
};
pub use browser::{Browser, Tab};
use filter::Vm;

/// After how long without news a VM lets nobody in.
pub const STALE_AFTER: Seconds = 3 * 3600;
/// How long somebody who was revoked cannot sign in.
const BLOCK: Seconds = 60;

/// Everything that matters, at one moment.
pub struct Model {
    pub now: Seconds,
    pub version: Version,
    /// The configured duration of global sessions.
    pub global: Option<Seconds>,
    pub people: Vec<Person>,
    pub sessions: Vec<Session>,
    pub browsers: Vec<Browser>,
    pub vms: Vec<Vm>,
    /// What is worth counting beside what is seen.
    pub notes: Vec<&'static str>,
    /// What each application was set to, since which version.
    settings: [Vec<(Version, Settings)>; APPLICATIONS],
    revocations: Vec<Revocation>,
    /// Codes of an application from before are void.
    codes_since: [Version; APPLICATIONS],
    /// What tokens were refreshed to.
    refreshed: HashMap<usize, (Seconds, Token)>,
    tokens: usize,
    secrets: usize,
    /// A session may have ended that was thrown away before.
    unsure: Option<SessionNumber>,
}

#[derive(Clone, Default)]
pub struct Person {
    pub disabled: bool,
    blocked_until: Seconds,
}

/// A global session.
pub struct Session {
    pub person: PersonNumber,
    pub ends: Seconds,
    pub ended: bool,
    auth_ver: Version,
}

/// An application token, with what only the control service and the filter see of it.
#[derive(Debug, Clone)]
pub struct Token {
    pub claims: Claims,
    pub person: PersonNumber,
    rule: Rule,
}

/// Tokens of a subject from before a version are refused.
struct Revocation {
    of: Subject,
    version: Version,
    fresh: bool,
}

#[derive(PartialEq, Eq)]
enum Subject {
    Person(PersonNumber),
    Application(ApplicationNumber),
    Session(SessionNumber),
}

impl Model {
    pub fn new(now: Seconds, version: Version, settings: [Settings; APPLICATIONS]) -> Self {
        Self {
            now,
            version,
            global: None,
            people: vec![Person::default(); PEOPLE],
            sessions: Vec::new(),
            browsers: (0..BROWSERS).map(Browser::new).collect(),
            vms: (0..VMS).map(|_| Vm::new(now, version)).collect(),
            notes: Vec::new(),
            settings: settings.map(|settings| vec![(0, settings)]),
            revocations: Vec::new(),
            codes_since: [0; APPLICATIONS],
            refreshed: HashMap::new(),
            tokens: 0,
            secrets: 0,
            unsure: None,
        }
    }

    /// What an application is set to, as known at a version.
    pub fn settings(&self, application: ApplicationNumber, version: Version) -> &Settings {
        let known = self.settings[application].iter().rev();
        let mut known = known.skip_while(|(since, _)| *since > version);
        &known.next().unwrap().1
    }

    pub fn is_alive(&self, session: SessionNumber) -> bool {
        let session = &self.sessions[session];
        !session.ended && session.ends > self.now
    }

    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Nothing => {}
            Change::RevokePerson(person) => self.revoke_person(*person),
            Change::Disable(person) => {
                self.people[*person].disabled = true;
                self.revoke_person(*person);
            }
            Change::RevokeApplication(application, fresh) => {
                self.version += 1;
                self.codes_since[*application] = self.version;
                let fresh = *fresh == FreshLogin::Demanded;
                self.revoke(Subject::Application(*application), fresh);
            }
            Change::RevokeSession(session) => self.end(*session),
            Change::Set(application, settings) => {
                if self.settings(*application, self.version) != settings {
                    self.version += 1;
                    self.settings[*application].push((self.version, settings.clone()));
                }
            }
        }
    }

    /// A VM has asked for the feed and was answered.
    pub fn polled(&mut self, vm: usize) {
        self.vms[vm].hears(self.now, self.version);
    }

    /// Compares versions at the end of a step.
    pub fn settles(&mut self, version: Version) -> bool {
        if let Some(session) = self.unsure.take()
            && version == self.version + 1
        {
            self.version += 1;
            self.revoke(Subject::Session(session), false);
        }
        self.version == version
    }

    fn revoke_person(&mut self, person: PersonNumber) {
        self.version += 1;
        self.people[person].blocked_until = self.now + BLOCK;
        for session in &mut self.sessions {
            session.ended |= session.person == person;
        }
        self.revoke(Subject::Person(person), false);
    }

    /// A global session ends, and with it access everywhere.
    fn end(&mut self, session: SessionNumber) {
        if self.sessions[session].ended {
            return;
        }
        self.sessions[session].ended = true;
        if self.sessions[session].ends <= self.now {
            // The control service throws such sessions away when it likes.
            self.unsure = Some(session);
            return;
        }
        self.version += 1;
        self.revoke(Subject::Session(session), false);
    }

    fn revoke(&mut self, of: Subject, fresh: bool) {
        self.revocations.push(Revocation {
            of,
            version: self.version,
            fresh,
        });
    }

    /// Whether a revocation that is known at a version refuses a token.
    fn is_revoked(&self, token: &Token, known: Version) -> bool {
        self.revocations
            .iter()
            .filter(|revocation| revocation.version <= known && revocation.concerns(token))
            .any(|revocation| {
                let shown = if revocation.fresh {
                    token.claims.auth_ver
                } else {
                    token.claims.ver
                };
                shown < revocation.version
            })
    }
}

impl Revocation {
    fn concerns(&self, token: &Token) -> bool {
        match self.of {
            Subject::Person(person) => token.person == person,
            Subject::Application(application) => token.claims.application == application,
            Subject::Session(session) => token.claims.session == session,
        }
    }
}
