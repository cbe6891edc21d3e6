//! The control service: sign-in, codes, tokens, refreshes. It always knows everything.

use super::super::seen::{Claims, Seen};
use super::super::step::{
    ApplicationNumber, BrowserNumber, PersonNumber, Rule, Seconds, SessionNumber, Version,
};
use super::browser::Cookie;
use super::{Model, Session, Subject, Token};

/// How long a session of duration 0 lasts, and an exchange code.
const MOMENT: Seconds = 60;
/// How long a global session lasts where nothing says so.
const DAY: Seconds = 24 * 3600;
/// How long repeated calls get the same token.
const REPEATABLE: Seconds = 10;

/// What the control service answers about a new token, and whether its cookie is HttpOnly.
pub(super) enum Answer {
    Token(Token, bool),
    No(&'static str),
    Lost,
}

/// An exchange code.
#[derive(Clone)]
pub struct Code {
    session: SessionNumber,
    application: ApplicationNumber,
    proves: SignIn,
    since: Seconds,
    version: Version,
}

/// What a cookie, a code or a token proves of a sign-in: a copy of an old one proves no later one.
#[derive(Clone, Copy)]
struct SignIn {
    auth_ver: Version,
    ends: Seconds,
}

impl SignIn {
    /// No more than the session itself.
    fn of(self, session: &Session) -> Self {
        Self {
            auth_ver: self.auth_ver.min(session.auth_ver),
            ends: self.ends.min(session.ends),
        }
    }
}

impl Model {
    /// The global session of a browser, and the sign-in that its cookie proves.
    fn known_as(&self, browser: BrowserNumber) -> Option<(SessionNumber, SignIn)> {
        let cookie = self.browsers[browser].team.as_ref()?;
        let (session, auth_ver) = cookie.value;
        let ends = cookie.until;
        let proves = SignIn { auth_ver, ends }.of(&self.sessions[session]);
        (cookie.until > self.now && self.is_alive(session)).then_some((session, proves))
    }

    /// The first rule that admits somebody to an application.
    fn admitted(&self, application: ApplicationNumber, person: PersonNumber) -> Option<Rule> {
        let settings = self.settings(application, self.version);
        settings.rules_in_force().find(|rule| rule.admits(person))
    }

    /// Whether a fresh sign-in is demanded that a session does not have.
    fn wants_fresh_login(&self, application: ApplicationNumber, auth_ver: Version) -> bool {
        self.revocations.iter().any(|revocation| {
            revocation.fresh
                && revocation.of == Subject::Application(application)
                && auth_ver < revocation.version
        })
    }

    /// A browser asks to be let in at an application, without a prompt if that is possible.
    pub(super) fn asks_for_code(
        &self,
        browser: BrowserNumber,
        application: ApplicationNumber,
    ) -> (Seen, Option<Code>) {
        let known = self.known_as(browser).filter(|_| self.global != Some(0));
        match known {
            Some((_, proves)) if self.wants_fresh_login(application, proves.auth_ver) => {
                (Seen::Form, None)
            }
            Some((session, proves)) => self.code(session, proves, application),
            None => (Seen::Form, None),
        }
    }

    fn code(
        &self,
        session: SessionNumber,
        proves: SignIn,
        application: ApplicationNumber,
    ) -> (Seen, Option<Code>) {
        let person = self.sessions[session].person;
        if self.admitted(application, person).is_none() {
            return (Seen::TeamDomain(403), None);
        }
        let code = Code {
            session,
            application,
            proves,
            since: self.now,
            version: self.version,
        };
        (Seen::Code, Some(code))
    }

    /// Somebody types their password.
    pub(super) fn sign_in(
        &mut self,
        browser: BrowserNumber,
        person: PersonNumber,
        application: ApplicationNumber,
    ) -> (Vec<Seen>, Option<Code>) {
        let who = &self.people[person];
        if who.disabled || who.blocked_until > self.now {
            return (vec![Seen::TeamDomain(403)], None);
        }
        let before = self.known_as(browser).map(|(session, _)| session);
        let own = before.filter(|session| self.sessions[*session].person == person);
        let (auth_ver, ends) = (
            self.version,
            self.now + self.global_duration(application, person),
        );
        let session = own.unwrap_or(self.sessions.len());
        match own {
            // Renewed, and never shorter.
            Some(session) => {
                let session = &mut self.sessions[session];
                (session.auth_ver, session.ends) = (auth_ver, session.ends.max(ends));
            }
            None => self.sessions.push(Session {
                person,
                ends,
                ended: false,
                auth_ver,
            }),
        }
        // Whoever signs in as somebody else leaves as who they were.
        if let (Some(before), None) = (before, own) {
            self.end(before);
        }
        let ends = self.sessions[session].ends;
        self.browsers[browser].team = Some(Cookie {
            value: (session, auth_ver),
            until: ends,
        });
        let signed_in = Seen::SignedIn {
            session,
            auth_ver,
            ends,
        };
        let (seen, code) = self.code(session, SignIn { auth_ver, ends }, application);
        (vec![signed_in, seen], code)
    }

    fn global_duration(&self, application: ApplicationNumber, person: PersonNumber) -> Seconds {
        let settings = self.settings(application, self.version);
        let by_rule = self.admitted(application, person);
        let by_rule = by_rule.and_then(|rule| rule.duration);
        match (self.global, by_rule.unwrap_or(settings.duration)) {
            (Some(0), _) => MOMENT,
            (Some(global), _) => global,
            (None, 0) => DAY,
            (None, duration) => duration,
        }
    }

    /// A code is exchanged for a token.
    pub(super) fn exchange(&mut self, code: &Code) -> Answer {
        let session = &self.sessions[code.session];
        let proves = code.proves.of(session);
        let void = session.ended
            || code.version < self.codes_since[code.application]
            || self.now >= code.since + MOMENT
            || self.now >= proves.ends;
        if void || self.wants_fresh_login(code.application, proves.auth_ver) {
            return Answer::No("start_again");
        }
        let settings = self.settings(code.application, self.version);
        let (binding, http_only) = (settings.binding, settings.http_only);
        let Some(rule) = self.admitted(code.application, session.person) else {
            return Answer::No("policy_denied");
        };
        let secret = binding.then_some(self.secrets);
        self.secrets += usize::from(binding);
        let token = self.token((code.session, proves), code.application, rule, secret);
        Answer::Token(token, http_only)
    }

    /// A token is to be replaced by a new one.
    pub(super) fn refresh(&mut self, old: &Token) -> Answer {
        let claims = &old.claims;
        let session = &self.sessions[claims.session];
        let application = claims.application;
        let proves = SignIn {
            auth_ver: claims.auth_ver,
            ends: claims.session_exp,
        };
        let proves = proves.of(session);
        let settings = self.settings(application, self.version);
        let http_only = settings.http_only;
        if !self.is_alive(claims.session)
            || claims.session_exp <= self.now
            || self.is_revoked(old, self.version)
            || (settings.binding && claims.secret.is_none())
        {
            return Answer::No("session_expired");
        }
        let Some(rule) = self.admitted(application, old.person) else {
            return Answer::No("policy_denied");
        };
        if let Some((since, earlier)) = self.refreshed.get(&claims.token)
            && since + REPEATABLE >= self.now
            && earlier.claims.exp > self.now
            && earlier.rule == rule
        {
            self.notes.push("(the same new token, for a repeated call)");
            return Answer::Token(earlier.clone(), http_only);
        }
        let mut token = self.token((claims.session, proves), application, rule, claims.secret);
        if token.claims.every_navigation {
            // A refresh opens no navigation: every one asks the team domain.
            token.claims.iat = token.claims.iat.min(claims.iat);
        }
        self.refreshed
            .insert(claims.token, (self.now, token.clone()));
        Answer::Token(token, http_only)
    }

    fn token(
        &mut self,
        (number, proves): (SessionNumber, SignIn),
        application: ApplicationNumber,
        rule: Rule,
        secret: Option<usize>,
    ) -> Token {
        let session = &self.sessions[number];
        let settings = self.settings(application, self.version);
        let duration = rule.duration.unwrap_or(settings.duration);
        let lasts = if duration == 0 { MOMENT } else { duration };
        let token = self.tokens;
        let claims = Claims {
            token,
            session: number,
            application,
            iat: self.now,
            exp: proves.ends.min(self.now + lasts),
            session_exp: proves.ends,
            ver: self.version,
            auth_ver: proves.auth_ver,
            every_navigation: duration == 0,
            secret,
        };
        let person = session.person;
        self.tokens += 1;
        Token {
            claims,
            person,
            rule,
        }
    }

    pub fn sign_out_of_team_domain(&mut self, browser: BrowserNumber) {
        if let Some((session, _)) = self.known_as(browser) {
            self.end(session);
        }
        self.browsers[browser].team = None;
    }
}
