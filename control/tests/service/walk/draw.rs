//! Draws the next step: what is worth doing where the walk is.

use super::chance::Chance;
use super::model::{Model, Tab};
use super::step::{
    APPLICATIONS, BROWSERS, Change, FreshLogin, Kind, Meanwhile, PEOPLE, Refresh, Requests, Route,
    Rule, Seconds, Settings, Step, Theft, UserSelector, VMS, Visit,
};

const MINUTE: Seconds = 60;
const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;
/// At least so many people stay in the company.
const ENABLED: usize = 3;

/// What draws steps of one sort.
type Draw = fn(&mut Chance, &Model) -> Vec<Step>;

/// The next steps.
pub fn draw(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let open = (0..BROWSERS).filter(|browser| model.browsers[*browser].goes_on(model.now));
    let open: Vec<usize> = open.collect();
    if chance.percent(60) && !open.is_empty() {
        let mut steps = vec![go_on(chance, model, &open)];
        let waits = chance.percent(10) && matches!(steps[..], [Step::Deliver(..)]);
        if waits {
            steps.insert(0, Step::Wait(chance.one_of(&[59, 60, 600])));
        }
        return steps;
    }
    let steps: [(usize, Draw); 12] = [
        (32, requests),
        (24, visit),
        (10, wait),
        (12, wait_for_an_instant),
        (1, between_vms),
        (4, poll),
        (9, |chance, model| vec![Step::Change(change(chance, model))]),
        (8, raced),
        (3, theft),
        (2, sign_out),
        (1, sign_out_of_team_domain),
        (1, restart),
    ];
    chance.weighted(&steps)(chance, model)
}

/// The global duration.
pub fn global(chance: &mut Chance) -> Option<Seconds> {
    chance.weighted(&[
        (2, None),
        (2, Some(HOUR)),
        (5, Some(8 * HOUR)),
        (5, Some(DAY)),
        (1, Some(0)),
    ])
}

/// An application's settings at the beginning, or later.
pub fn settings(chance: &mut Chance) -> Settings {
    let rules = chance.weighted(&[(4, 1), (3, 2)]);
    Settings {
        binding: chance.percent(75),
        refresh: chance.weighted(&[
            (5, Refresh::WithBinding),
            (3, Refresh::Always),
            (2, Refresh::Never),
        ]),
        duration: chance.one_of(&[15 * MINUTE, HOUR, HOUR, 8 * HOUR, 0]),
        http_only: chance.percent(80),
        rules: (0..rules).map(|_| rule(chance)).collect(),
    }
}

fn rule(chance: &mut Chance) -> Rule {
    let whom = chance.weighted(&[(5, 0), (2, 1), (3, 2)]);
    Rule {
        whom: match whom {
            0 => UserSelector::Everyone,
            1 => UserSelector::Domain,
            _ => UserSelector::Only((0..PEOPLE).filter(|_| chance.percent(60)).collect()),
        },
        duration: chance.one_of(&[None, None, None, Some(20 * MINUTE), Some(2 * HOUR), Some(0)]),
    }
    .with_somebody()
}

impl Rule {
    /// A rule of nobody is refused by the control service.
    fn with_somebody(mut self) -> Self {
        if self.whom == UserSelector::Only(Vec::new()) {
            self.whom = UserSelector::Only(vec![0]);
        }
        self
    }
}

/// A tab that waits for somebody goes on.
fn go_on(chance: &mut Chance, model: &Model, open: &[usize]) -> Step {
    let (browser, route) = (chance.one_of(open), route(chance));
    match &model.browsers[browser].tab {
        None => Step::Wait(1),
        Some(Tab::Form(_)) => {
            let own = chance.percent(85);
            let person = if own {
                browser % PEOPLE
            } else {
                chance.below(PEOPLE)
            };
            Step::SignIn(browser, person, route)
        }
        Some(Tab::Code(..)) => Step::Deliver(browser, route),
    }
}

/// Mostly one VM after the other, as connections go.
fn route(chance: &mut Chance) -> Route {
    let bits = chance.next() & u64::from(u32::MAX);
    let same = chance.one_of(&[0, u32::MAX]);
    let any = u32::try_from(bits).unwrap();
    Route(if chance.percent(50) { same } else { any })
}

/// Mostly where there is a session.
fn browser_and_application(chance: &mut Chance, model: &Model) -> (usize, usize) {
    let mut at = (chance.below(BROWSERS), chance.below(APPLICATIONS));
    for _ in 0..4 {
        if model.browsers[at.0].has_token(at.1, model.now) {
            break;
        }
        at = (chance.below(BROWSERS), chance.below(APPLICATIONS));
    }
    at
}

fn requests(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let (browser, application) = browser_and_application(chance, model);
    let many = chance.weighted(&[(6, 1), (2, 2), (2, 4)]);
    let lost = chance.percent(6);
    let requests = Step::Requests(Requests {
        browser,
        application,
        each: (0..many)
            .map(|_| (chance.below(VMS), kind(chance)))
            .collect(),
        meanwhile: None,
        lost,
    });
    // A filter remembers that there was no answer for two to three seconds, which it draws.
    let forgotten = lost.then_some(Step::Wait(4));
    std::iter::once(requests).chain(forgotten).collect()
}

fn kind(chance: &mut Chance) -> Kind {
    chance.weighted(&[
        (6, Kind::SubRequest),
        (2, Kind::Navigation),
        (1, Kind::FormPost),
        (1, Kind::WebSocket),
    ])
}

/// Something happens while requests wait for a new token.
fn raced(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let many = chance.one_of(&[1, 2]);
    // So that polls are due, and perhaps the token has ended.
    let pause = chance.one_of(&[2, 20 * MINUTE, HOUR + MINUTE]);
    let mut change = change(chance, model);
    if let Change::RevokeSession(session) = change
        && model.sessions[session].ends <= model.now + pause
    {
        change = Change::Nothing;
    }
    let (browser, application) = browser_and_application(chance, model);
    let requests = Requests {
        browser,
        application,
        each: (0..many)
            .map(|_| (chance.below(VMS), kind(chance)))
            .collect(),
        meanwhile: Some(Meanwhile {
            change,
            after_answer: chance.percent(50),
            heard_by: [chance.percent(60), chance.percent(60)],
        }),
        lost: false,
    };
    vec![Step::Wait(pause), Step::Requests(requests)]
}

fn visit(chance: &mut Chance, _: &Model) -> Vec<Step> {
    vec![Step::Visit(Visit {
        browser: chance.below(BROWSERS),
        application: chance.below(APPLICATIONS),
        route: route(chance),
        stops: chance.percent(10),
    })]
}

/// After most pauses both VMs have polled, as they do all the time.
fn wait(chance: &mut Chance, _: &Model) -> Vec<Step> {
    let (from, to) = chance.weighted(&[
        (10, (1, 12)),
        (6, (10, 70)),
        (8, (MINUTE, 20 * MINUTE)),
        (5, (20 * MINUTE, 90 * MINUTE)),
        (1, (90 * MINUTE, 10 * HOUR)),
    ]);
    let range = usize::try_from(to - from).unwrap();
    let seconds = from + u64::try_from(chance.below(range)).unwrap();
    let mut steps = vec![Step::Wait(seconds)];
    for vm in 0..VMS {
        if chance.percent(75) {
            steps.push(Step::Poll(vm));
        }
    }
    steps
}

/// To a moment at which something ends, or a second before or after.
fn wait_for_an_instant(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let mut instants = model.instants();
    instants.sort_unstable();
    // What is near is seen more often.
    let near = 1 + chance.below(instants.len().max(1));
    let instant = instants.get(chance.below(near));
    let until = instant.map_or(1, |instant| instant - model.now);
    let off = u64::try_from(chance.below(3)).unwrap();
    let mut steps = vec![Step::Wait(until + off - 1)];
    for vm in 0..VMS {
        if chance.percent(60) {
            steps.push(Step::Poll(vm));
        }
    }
    steps
}

/// A browser comes to two VMs by turns, of which one has not heard of a new policy yet.
fn between_vms(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let (browser, application) = browser_and_application(chance, model);
    let rules = vec![rule(chance)];
    let settings = Settings {
        rules,
        ..model.settings(application, model.version).clone()
    };
    let visit = Visit {
        browser,
        application,
        route: Route(0xaaaa_aaaa),
        stops: false,
    };
    vec![
        Step::Wait(2),
        Step::Change(Change::Set(application, settings)),
        Step::Poll(1),
        Step::Visit(visit),
    ]
}

fn poll(chance: &mut Chance, _: &Model) -> Vec<Step> {
    vec![Step::Poll(chance.below(VMS))]
}

fn change(chance: &mut Chance, model: &Model) -> Change {
    let application = chance.below(APPLICATIONS);
    match chance.weighted(&[(3, 0), (3, 1), (2, 2), (3, 3), (1, 4), (6, 5)]) {
        0 => Change::RevokePerson(chance.below(PEOPLE)),
        1 => Change::RevokeApplication(application, FreshLogin::NotDemanded),
        2 => Change::RevokeApplication(application, FreshLogin::Demanded),
        3 => {
            let all = 0..model.sessions.len();
            let alive: Vec<usize> = all.filter(|session| model.is_alive(*session)).collect();
            match alive.len() {
                0 => Change::Nothing,
                _ => Change::RevokeSession(chance.one_of(&alive)),
            }
        }
        4 => {
            let enabled = |person: &usize| !model.people[*person].disabled;
            let enabled: Vec<usize> = (0..PEOPLE).filter(enabled).collect();
            match enabled.len() > ENABLED && chance.percent(20) {
                true => Change::Disable(chance.one_of(&enabled)),
                false => Change::Nothing,
            }
        }
        _ => Change::Set(application, changed(chance, model, application)),
    }
}

/// One thing is set anew, sometimes all.
fn changed(chance: &mut Chance, model: &Model, application: usize) -> Settings {
    let new = settings(chance);
    let mut settings = model.settings(application, model.version).clone();
    match chance.below(6) {
        0 => settings.binding = new.binding,
        1 => settings.refresh = new.refresh,
        2 => settings.duration = new.duration,
        3 => settings.http_only = new.http_only,
        4 => settings.rules = new.rules,
        _ => settings = new,
    }
    settings
}

fn theft(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let (from, application) = browser_and_application(chance, model);
    vec![Step::Steal(Theft {
        from,
        to: chance.below(BROWSERS),
        application,
        with_binding: chance.percent(50),
    })]
}

fn sign_out(chance: &mut Chance, model: &Model) -> Vec<Step> {
    let (browser, application) = browser_and_application(chance, model);
    vec![Step::SignOut(browser, application, chance.below(VMS))]
}

fn sign_out_of_team_domain(chance: &mut Chance, _: &Model) -> Vec<Step> {
    vec![Step::SignOutOfTeamDomain(chance.below(BROWSERS))]
}

fn restart(chance: &mut Chance, _: &Model) -> Vec<Step> {
    vec![Step::Restart(global(chance))]
}
