//! A browser: cookies, and what its open tab shows.

use super::super::step::{
    APPLICATIONS, ApplicationNumber, BrowserNumber, HOST_OF, KEPT, Seconds, SessionNumber, Theft,
    Version,
};
use super::control::Code;
use super::{Model, Token};

/// How long a login attempt lives.
const ATTEMPT: Seconds = 600;
/// A form leads back so long before the end of its attempt at the latest.
const WAY_BACK: Seconds = 60;
/// A browser may have so many at one hostname; the walk closes a tab before its own is in doubt.
const ATTEMPTS: usize = 8;
/// How long a return from the team domain is remembered.
const RETURN: Seconds = 30;

#[derive(Default)]
pub struct Browser {
    /// Whether it sends application cookies past their end, as no browser does.
    pub keeps: bool,
    pub tab: Option<Tab>,
    pub(super) tokens: [Option<Cookie<Token>>; APPLICATIONS],
    pub(super) secrets: [Option<Cookie<usize>>; APPLICATIONS],
    pub(super) team: Option<Cookie<(SessionNumber, Version)>>,
    returns: [Vec<Seconds>; 2],
    begun: [usize; 2],
}

/// What the tab shows that goes on later.
#[derive(Clone)]
pub enum Tab {
    Form(Attempt),
    Code(Attempt, Code),
}

/// A login attempt.
#[derive(Clone, Copy)]
pub struct Attempt {
    pub application: ApplicationNumber,
    pub(super) since: Seconds,
    number: usize,
}

#[derive(Clone)]
pub(super) struct Cookie<T> {
    pub value: T,
    pub until: Seconds,
}

/// What a request shows of an application's cookies.
#[derive(Clone)]
pub(super) struct Shown {
    pub application: ApplicationNumber,
    pub token: Option<Token>,
    pub secret: Option<usize>,
}

impl Browser {
    pub fn new(number: BrowserNumber) -> Self {
        Self {
            keeps: number == 0,
            ..Self::default()
        }
    }

    pub fn has_token(&self, application: ApplicationNumber, now: Seconds) -> bool {
        self.shows(application, now).token.is_some()
    }

    pub(super) fn shows(&self, application: ApplicationNumber, now: Seconds) -> Shown {
        Shown {
            application,
            token: self.sent(self.tokens[application].as_ref(), now),
            secret: self.sent(self.secrets[application].as_ref(), now),
        }
    }

    fn keeps_for(&self) -> Seconds {
        if self.keeps { KEPT } else { 0 }
    }

    fn sent<T: Clone>(&self, cookie: Option<&Cookie<T>>, now: Seconds) -> Option<T> {
        let sent = cookie.filter(|cookie| cookie.until + self.keeps_for() > now);
        sent.map(|cookie| cookie.value.clone())
    }

    /// Takes a token and, if it is bound, its secret: both for as long as the global session.
    pub(super) fn takes(&mut self, token: Token) {
        let (application, until) = (token.claims.application, token.claims.session_exp);
        if let Some(secret) = token.claims.secret {
            let value = secret;
            self.secrets[application] = Some(Cookie { value, until });
        }
        let value = token;
        self.tokens[application] = Some(Cookie { value, until });
    }

    /// Whether its tab waits for somebody. A form that is older than its attempt leads through the
    /// filter: `login/open_form.rs` has that.
    pub fn goes_on(&self, now: Seconds) -> bool {
        match &self.tab {
            None => false,
            Some(Tab::Form(attempt)) => now - attempt.since + WAY_BACK < ATTEMPT,
            Some(Tab::Code(..)) => true,
        }
    }

    pub(super) fn forgets(&mut self, application: ApplicationNumber) {
        (self.tokens[application], self.secrets[application]) = (None, None);
    }

    pub(super) fn begins(&mut self, application: ApplicationNumber, now: Seconds) -> Attempt {
        let host = HOST_OF[application];
        self.begun[host] += 1;
        let attempt = Attempt {
            application,
            since: now,
            number: self.begun[host],
        };
        if let Some(Tab::Form(old) | Tab::Code(old, _)) = &self.tab
            && HOST_OF[old.application] == host
            && attempt.number - old.number >= ATTEMPTS - 1
        {
            self.tab = None;
        }
        attempt
    }

    pub(super) fn knows(attempt: Attempt, now: Seconds) -> bool {
        now - attempt.since < ATTEMPT
    }

    pub(super) fn returns(&mut self, application: ApplicationNumber, now: Seconds) {
        self.returns[HOST_OF[application]].push(now);
    }

    /// How often it came back from the team domain of late.
    pub(super) fn returned(&self, application: ApplicationNumber, now: Seconds) -> usize {
        let returns = &self.returns[HOST_OF[application]];
        let kept = returns.last().is_some_and(|last| last + RETURN > now);
        let recent = returns.iter().filter(|time| now - **time <= RETURN);
        if kept { recent.count() } else { 0 }
    }
}

impl Model {
    pub fn steal(&mut self, theft: &Theft) {
        let application = theft.application;
        let from = &self.browsers[theft.from];
        let (token, secret) = (&from.tokens[application], &from.secrets[application]);
        let (token, secret) = (token.clone(), secret.clone());
        let to = &mut self.browsers[theft.to];
        to.tokens[application] = token;
        if theft.with_binding {
            to.secrets[application] = secret;
        }
    }
}
