//! The steps of a walk: what people, clients, administrators and machines do.

pub type Seconds = u64;
pub type Version = u64;
pub type PersonNumber = usize;
pub type BrowserNumber = usize;
pub type ApplicationNumber = usize;
pub type SessionNumber = usize;
pub type VmNumber = usize;

pub const PEOPLE: usize = 4;
pub const BROWSERS: usize = 5;
pub const VMS: usize = 2;
/// Two applications share a hostname, the third has one of its own.
pub const HOST_OF: [usize; 3] = [0, 0, 1];
pub const APPLICATIONS: usize = HOST_OF.len();

/// After so many requests to the filter in a row a browser gives up: at about twenty redirects.
pub const HOPS: usize = 14;

/// How long past its end the browser that keeps cookies sends one. Less than revocations stay in
/// force past the last token that they refuse.
pub const KEPT: Seconds = 1800;

/// One step.
#[derive(Debug, Clone)]
pub enum Step {
    /// Time passes.
    Wait(Seconds),
    /// A VM asks for the feed.
    Poll(VmNumber),
    /// Somebody opens a page and follows where it leads, at most to a form.
    Visit(Visit),
    /// Several requests of one browser at the same time, as pages with scripts and tabs send.
    Requests(Requests),
    /// Somebody fills the form that a visit ended at.
    SignIn(BrowserNumber, PersonNumber, Route),
    /// A browser delivers the code with which it stopped.
    Deliver(BrowserNumber, Route),
    /// Sign-out at a hostname of applications.
    SignOut(BrowserNumber, ApplicationNumber, VmNumber),
    /// Sign-out at the team domain.
    SignOutOfTeamDomain(BrowserNumber),
    /// Cookies of one browser come into another.
    Steal(Theft),
    /// Something that administrators do.
    Change(Change),
    /// The control service ends and starts again, with this global duration.
    Restart(Option<Seconds>),
}

#[derive(Debug, Clone)]
pub struct Visit {
    pub browser: BrowserNumber,
    pub application: ApplicationNumber,
    pub route: Route,
    /// Whether the browser stops before it delivers a code.
    pub stops: bool,
}

#[derive(Debug, Clone)]
pub struct Requests {
    pub browser: BrowserNumber,
    pub application: ApplicationNumber,
    pub each: Vec<(VmNumber, Kind)>,
    /// What happens while they wait for a new token, if they do.
    pub meanwhile: Option<Meanwhile>,
    /// Whether the answer about a new token is lost.
    pub lost: bool,
}

#[derive(Debug, Clone)]
pub struct Meanwhile {
    pub change: Change,
    /// Whether the control service has answered already.
    pub after_answer: bool,
    /// Which VMs hear of it at once.
    pub heard_by: [bool; VMS],
}

#[derive(Debug, Clone)]
pub struct Theft {
    pub from: BrowserNumber,
    pub to: BrowserNumber,
    pub application: ApplicationNumber,
    pub with_binding: bool,
}

#[derive(Debug, Clone)]
pub enum Change {
    Nothing,
    RevokePerson(PersonNumber),
    Disable(PersonNumber),
    RevokeApplication(ApplicationNumber, FreshLogin),
    RevokeSession(SessionNumber),
    Set(ApplicationNumber, Settings),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreshLogin {
    Demanded,
    NotDemanded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Navigation,
    SubRequest,
    FormPost,
    WebSocket,
}

/// Which VM each of a browser's requests in a row comes to.
#[derive(Debug, Clone, Copy)]
pub struct Route(pub u32);

/// An application's settings, as far as they matter to sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub binding: bool,
    pub refresh: Refresh,
    pub duration: Seconds,
    pub http_only: bool,
    /// The first that fits admits.
    pub rules: Vec<Rule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    WithBinding,
    Always,
    Never,
}

/// A rule of a policy. One that is changed is another rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub whom: UserSelector,
    pub duration: Option<Seconds>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserSelector {
    Everyone,
    /// Half of the people have addresses there.
    Domain,
    Only(Vec<PersonNumber>),
}

impl Route {
    pub fn vm(self, hop: usize) -> VmNumber {
        usize::try_from(self.0 >> (hop % 32) & 1).unwrap()
    }
}

impl Settings {
    /// The rules, each with the duration that holds for it: with another one it is another rule.
    pub fn rules_in_force(&self) -> impl Iterator<Item = Rule> {
        self.rules.iter().map(|rule| Rule {
            whom: rule.whom.clone(),
            duration: Some(rule.duration.unwrap_or(self.duration)),
        })
    }
}

impl Rule {
    pub fn admits(&self, person: PersonNumber) -> bool {
        match &self.whom {
            UserSelector::Everyone => true,
            UserSelector::Domain => person.is_multiple_of(2),
            UserSelector::Only(people) => people.contains(&person),
        }
    }
}

impl Step {
    /// For counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Wait(_) => "time passes",
            Self::Poll(_) => "a VM polls",
            Self::Visit(visit) if visit.stops => "visit that stops before its code",
            Self::Visit(_) => "visit",
            Self::Requests(Requests {
                meanwhile: Some(_), ..
            }) => "requests, and a change meanwhile",
            Self::Requests(Requests { lost: true, .. }) => "requests, answer lost",
            Self::Requests(requests) if requests.each.len() > 1 => "requests at the same time",
            Self::Requests(_) => "request",
            Self::SignIn(..) => "sign-in",
            Self::Deliver(..) => "code delivered late",
            Self::SignOut(..) => "sign-out at an application",
            Self::SignOutOfTeamDomain(_) => "sign-out at the team domain",
            Self::Steal(_) => "stolen cookies",
            Self::Change(change) => change.kind(),
            Self::Restart(_) => "restart of the control service",
        }
    }
}

impl Change {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::RevokePerson(_) => "person revoked",
            Self::Disable(_) => "person disabled",
            Self::RevokeApplication(_, FreshLogin::Demanded) => "application revoked, fresh login",
            Self::RevokeApplication(_, FreshLogin::NotDemanded) => "application revoked",
            Self::RevokeSession(_) => "session revoked",
            Self::Set(..) => "settings or policy changed",
        }
    }
}
