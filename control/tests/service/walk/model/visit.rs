//! A person with a browser between filter and team domain.

use super::super::seen::{Given, Seen};
use super::super::step::{
    BrowserNumber, HOPS, HOST_OF, Kind, PersonNumber, Requests, Route, VMS, Visit, VmNumber,
};
use super::Model;
use super::browser::{Attempt, Browser, Shown, Tab};
use super::control::{Answer, Code};
use super::filter::Begun;

/// So often may a browser come back from the team domain within half a minute.
const RETURNS: usize = 5;

impl Model {
    /// Somebody opens a page, and follows where it leads.
    pub fn visit(&mut self, visit: &Visit) -> Vec<Seen> {
        self.goes_on(visit, 0)
    }

    fn goes_on(&mut self, visit: &Visit, mut hop: usize) -> Vec<Seen> {
        let (browser, application) = (visit.browser, visit.application);
        let mut trace = Vec::new();
        loop {
            if hop >= HOPS {
                trace.push(Seen::GivesUp);
                return trace;
            }
            let vm = visit.route.vm(hop);
            let seen = self.navigation(vm, visit);
            let away = matches!(seen, Seen::ToTeamDomain(_));
            trace.push(seen);
            if !away {
                return trace;
            }
            let attempt = self.browsers[browser].begins(application, self.now);
            let (seen, code) = self.asks_for_code(browser, application);
            if seen == Seen::Form {
                self.browsers[browser].tab = Some(Tab::Form(attempt));
            }
            trace.push(seen);
            let Some(code) = code else {
                return trace;
            };
            if visit.stops {
                self.browsers[browser].tab = Some(Tab::Code(attempt, code));
                return trace;
            }
            let seen = self.callback(visit.route.vm(hop + 1), browser, (attempt, &code));
            let let_in = matches!(seen, Seen::LetIn(_));
            trace.push(seen);
            if !let_in {
                return trace;
            }
            hop += 2;
        }
    }

    fn navigation(&mut self, vm: VmNumber, visit: &Visit) -> Seen {
        let requests = Requests {
            browser: visit.browser,
            application: visit.application,
            each: vec![(vm, Kind::Navigation)],
            meanwhile: None,
            lost: false,
        };
        self.answers(&requests).remove(0)
    }

    /// Requests at the same time; whoever is sent to the team domain does not follow.
    pub fn requests(&mut self, requests: &Requests) -> Vec<Seen> {
        let seen = self.answers(requests);
        for one in &seen {
            if matches!(one, Seen::ToTeamDomain(_)) {
                self.browsers[requests.browser].begins(requests.application, self.now);
            }
        }
        seen
    }

    fn answers(&mut self, requests: &Requests) -> Vec<Seen> {
        let shown = self.browsers[requests.browser].shows(requests.application, self.now);
        let begun = requests.each.iter();
        let begun: Vec<Begun> = begun
            .map(|(vm, kind)| self.begin(*vm, *kind, &shown))
            .collect();
        self.note_lags(&begun, &shown);
        self.meanwhile(requests, false);
        let answers: Vec<Answer> = (0..VMS)
            .map(|vm| {
                let mut of_vm = requests.each.iter().zip(&begun);
                let waits = of_vm.find_map(|((at, _), begun)| match begun {
                    Begun::Waits(token) if *at == vm => Some(token),
                    _ => None,
                });
                waits.map_or(Answer::Lost, |token| self.asked(vm, token, requests.lost))
            })
            .collect();
        self.meanwhile(requests, true);
        let mut seen = Vec::new();
        for (begun, (vm, kind)) in begun.into_iter().zip(&requests.each) {
            match begun {
                Begun::Done(done) => seen.push(done),
                Begun::Waits(_) => {
                    let (done, token) = self.finish((*vm, *kind), &shown, &answers[*vm]);
                    seen.push(done);
                    if let Some(token) = token {
                        self.browsers[requests.browser].takes(token);
                    }
                }
            }
        }
        seen
    }

    fn note_lags(&mut self, begun: &[Begun], shown: &Shown) {
        let passes = |begun: &&Begun| matches!(begun, Begun::Done(Seen::In));
        for _ in begun.iter().filter(passes) {
            if shown
                .token
                .as_ref()
                .is_some_and(|token| self.is_revoked(token, self.version))
            {
                self.notes
                    .push("(in, at a VM that has not heard of the revocation)");
            }
        }
    }

    fn asked(&mut self, vm: VmNumber, token: &super::Token, lost: bool) -> Answer {
        let answer = self.refresh(token);
        if lost {
            self.notes.push("(the answer about a new token was lost)");
            return Answer::Lost;
        }
        self.note(vm, token, &answer);
        answer
    }

    fn meanwhile(&mut self, requests: &Requests, after_answer: bool) {
        if let Some(meanwhile) = &requests.meanwhile
            && meanwhile.after_answer == after_answer
        {
            self.change(&meanwhile.change);
            for (vm, hears) in meanwhile.heard_by.into_iter().enumerate() {
                if hears {
                    self.polled(vm);
                }
            }
        }
    }

    /// Somebody fills the form of their tab.
    pub fn signs_in(
        &mut self,
        browser: BrowserNumber,
        person: PersonNumber,
        route: Route,
    ) -> Vec<Seen> {
        let Some(Tab::Form(attempt)) = self.browsers[browser].tab.take() else {
            panic!("the tab shows no form");
        };
        let (mut trace, code) = self.sign_in(browser, person, attempt.application);
        if let Some(code) = code {
            trace.extend(self.comes_back(browser, (attempt, &code), route));
        }
        trace
    }

    /// The tab goes on with the code at which it stopped.
    pub fn delivers(&mut self, browser: BrowserNumber, route: Route) -> Vec<Seen> {
        let Some(Tab::Code(attempt, code)) = self.browsers[browser].tab.take() else {
            panic!("the tab has no code");
        };
        self.comes_back(browser, (attempt, &code), route)
    }

    fn comes_back(
        &mut self,
        browser: BrowserNumber,
        (attempt, code): (Attempt, &Code),
        route: Route,
    ) -> Vec<Seen> {
        let seen = self.callback(route.vm(0), browser, (attempt, code));
        let let_in = matches!(seen, Seen::LetIn(_));
        let mut trace = vec![seen];
        if let_in {
            let visit = Visit {
                browser,
                application: attempt.application,
                route,
                stops: false,
            };
            trace.extend(self.goes_on(&visit, 1));
        }
        trace
    }

    /// The browser is back at the application.
    fn callback(
        &mut self,
        vm: VmNumber,
        browser: BrowserNumber,
        (attempt, code): (Attempt, &Code),
    ) -> Seen {
        let (now, application) = (self.now, attempt.application);
        if !Browser::knows(attempt, now) {
            return Seen::Filter(400, "state_unknown".to_owned());
        }
        let shown = self.browsers[browser].shows(application, now);
        let is_good = !self.is_stale(vm) && self.judge(vm, Kind::Navigation, &shown).is_ok();
        if self.browsers[browser].returned(application, now) >= RETURNS && !is_good {
            return Seen::Filter(400, "login_loop".to_owned());
        }
        let (token, http_only) = match self.exchange(code) {
            Answer::Token(token, http_only) => (token, http_only),
            Answer::No("policy_denied") => return Seen::Filter(403, "policy_denied".to_owned()),
            Answer::No(reason) => return Seen::Filter(400, reason.to_owned()),
            Answer::Lost => panic!("no exchange is lost in a walk"),
        };
        if self.is_stale(vm) {
            return Seen::Filter(503, "stale".to_owned());
        }
        let given = Shown {
            application,
            secret: token.claims.secret,
            token: Some(token.clone()),
        };
        if let Err(reason) = self.judge(vm, Kind::SubRequest, &given) {
            return Seen::Filter(502, reason.to_owned());
        }
        self.browsers[browser].returns(application, now);
        let given = Given {
            http_only,
            binding: token.claims.secret.is_some(),
            claims: token.claims.clone(),
        };
        self.browsers[browser].takes(token);
        Seen::LetIn(given)
    }

    /// Sign-out at the hostname of an application: of the first session there that is the
    /// browser's to end.
    pub fn signs_out(&mut self, browser: BrowserNumber, at: usize, vm: VmNumber) -> Seen {
        const ORDER: [&str; 4] = [
            "no_session",
            "binding_missing",
            "binding_mismatch",
            "session_revoked",
        ];
        if self.is_stale(vm) {
            return Seen::Filter(503, "control_unavailable".to_owned());
        }
        let known = self.vms[vm].version;
        let mut worst = 0;
        let mut to_end = None;
        // The longest path first.
        let here = |application: &usize| HOST_OF[*application] == HOST_OF[at];
        for application in (0..HOST_OF.len()).rev().filter(here) {
            let shown = self.browsers[browser].shows(application, self.now);
            let Some(token) = &shown.token else { continue };
            let reason = match self.check_binding(&shown, known) {
                Err(reason) => reason,
                Ok(()) if self.is_revoked(token, known) => "session_revoked",
                Ok(()) => {
                    to_end = Some(token.claims.session);
                    break;
                }
            };
            worst = worst.max(ORDER.iter().position(|one| *one == reason).unwrap());
        }
        if to_end.is_none() && matches!(worst, 1 | 2) {
            return Seen::Filter(403, ORDER[worst].to_owned());
        }
        if let Some(session) = to_end {
            self.end(session);
        }
        for application in (0..HOST_OF.len()).filter(here) {
            self.browsers[browser].forgets(application);
        }
        let reason = if to_end.is_some() || worst == 3 {
            "signed_out"
        } else {
            "no_session_to_end"
        };
        Seen::Filter(200, reason.to_owned())
    }
}
