//! The real thing: two filter cores that follow the feed of one running control service, and
//! browsers before them. Says what was seen in the model's words.

mod browser;
mod numbers;
mod requests;
mod team;

use serde_json::{Value, json};

use super::model::STALE_AFTER;
use super::step::{
    APPLICATIONS, ApplicationNumber, BROWSERS, Change, FreshLogin, PEOPLE, Refresh, Rule, Seconds,
    Settings, Theft, UserSelector, VMS, VmNumber,
};
use crate::gate::Gate;
use crate::harness::Service;
use browser::Browser;
use numbers::Numbers;

const NAMES: [&str; APPLICATIONS] = ["wiki", "docs", "mail"];
const ORIGINS: [&str; APPLICATIONS] = [
    "https://one.example.com",
    "https://one.example.com",
    "https://two.example.com",
];
const PREFIXES: [&str; APPLICATIONS] = ["", "/docs", ""];

pub struct Scene {
    // Taken only while it restarts.
    service: Option<Service>,
    gates: Vec<Gate>,
    browsers: Vec<Browser>,
    passwords: Vec<String>,
    numbers: Numbers,
}

impl Scene {
    pub async fn new(global: Option<Seconds>, settings: &[Settings; APPLICATIONS]) -> Self {
        let service = Service::start_with(&file(global)).await;
        let mut passwords = Vec::new();
        for person in 0..PEOPLE {
            passwords.push(service.user(&email(person)).await);
        }
        let mut numbers = Numbers::default();
        for (number, settings) in settings.iter().enumerate() {
            let origin = format!("{}{}", ORIGINS[number], PREFIXES[number]);
            let draft = draft(settings);
            let audience = service.application(NAMES[number], &origin, draft).await;
            numbers.audiences.push(audience);
        }
        let mut gates = Vec::new();
        for vm in 0..VMS {
            let stale_after = format!("{STALE_AFTER}s");
            let mut gate = Gate::named(&service, &format!("vm{vm}"), &stale_after).await;
            gate.follow(&service).await;
            gates.push(gate);
        }
        Self {
            gates,
            browsers: (0..BROWSERS).map(|_| Browser::default()).collect(),
            passwords,
            numbers,
            service: Some(service),
        }
    }

    pub fn keeps_cookies(&mut self, browser: usize) {
        self.browsers[browser].keeps = true;
    }

    fn service(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    pub fn now(&self) -> Seconds {
        self.service().clock.seconds()
    }

    pub async fn version(&self) -> u64 {
        let storage = &self.service().running.service.storage;
        storage.position().await.unwrap().version
    }

    pub fn wait(&mut self, seconds: Seconds) {
        self.service().clock.advance(seconds);
    }

    /// Whether the VM polled, and which version it has then.
    pub async fn poll(&mut self, vm: VmNumber) -> (bool, u64) {
        let service = self.service.as_ref().unwrap();
        let gate = &mut self.gates[vm];
        let polled = gate.follow(service).await;
        let version = gate.at(service, |filter, moment| {
            filter.gauges(moment.now).unwrap().version
        });
        (polled, version)
    }

    pub async fn restart(&mut self, global: Option<Seconds>) {
        let service = self.service.take().unwrap();
        self.service = Some(service.restart(&file(global)).await);
    }

    pub async fn change(&mut self, change: &Change) {
        let service = self.service();
        let (path, body) = match change {
            Change::Nothing => return,
            Change::RevokePerson(person) => {
                ("/revocations/user", json!({ "email": email(*person) }))
            }
            Change::Disable(person) => ("/users/disable", json!({ "email": email(*person) })),
            Change::RevokeApplication(number, fresh) => {
                let fresh = *fresh == FreshLogin::Demanded;
                let body = json!({ "name": NAMES[*number], "fresh_login": fresh });
                ("/revocations/application", body)
            }
            Change::RevokeSession(session) => {
                let id = self.numbers.session_id(*session);
                ("/revocations/session", json!({ "id": id }))
            }
            Change::Set(number, settings) => {
                let body = json!({ "name": NAMES[*number], "changes": draft(settings) });
                ("/applications/set", body)
            }
        };
        service.done(path, body).await;
    }

    pub fn steal(&mut self, theft: &Theft) {
        let cookies = self.numbers.cookie_names(theft.application);
        let taken = if theft.with_binding { 2 } else { 1 };
        for name in cookies.into_iter().take(taken) {
            let host = ORIGINS[theft.application];
            let cookie = self.browsers[theft.from].cookie(host, &name);
            self.browsers[theft.to].put(host, &name, cookie);
        }
    }
}

/// The configuration file.
fn file(global: Option<Seconds>) -> String {
    global.map_or_else(String::new, |seconds| {
        format!("[sessions]\nglobal_duration = \"{seconds}s\"\n")
    })
}

fn page(application: ApplicationNumber) -> String {
    format!("{}/page", PREFIXES[application])
}

fn email(person: usize) -> String {
    let domain = if person.is_multiple_of(2) {
        "example.com"
    } else {
        "example.org"
    };
    format!("person{person}@{domain}")
}

fn draft(settings: &Settings) -> Value {
    json!({
        "session_duration": format!("{}s", settings.duration),
        "binding_cookie": settings.binding,
        "http_only": settings.http_only,
        "refresh_in_request": match settings.refresh {
            Refresh::WithBinding => "with_binding",
            Refresh::Always => "always",
            Refresh::Never => "never",
        },
        "policy": settings.rules.iter().map(rule).collect::<Vec<_>>(),
    })
}

fn rule(rule: &Rule) -> Value {
    let mut draft = match &rule.whom {
        UserSelector::Everyone => json!({ "everyone": true }),
        UserSelector::Domain => json!({ "email_domains": ["example.com"] }),
        UserSelector::Only(people) => {
            let emails: Vec<String> = people.iter().map(|person| email(*person)).collect();
            json!({ "emails": emails })
        }
    };
    if let Some(seconds) = rule.duration {
        draft["session_duration"] = json!(format!("{seconds}s"));
    }
    draft
}
