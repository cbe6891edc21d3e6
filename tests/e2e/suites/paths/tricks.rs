//! None of the tricks reaches another application's path under a laxer policy.

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::request::{Door, PROTOCOLS, Protocol, Request};
use portcullis_e2e::table::{Table, shown};
use portcullis_e2e::unharmed::Vms;
use serde_json::Value;
use url::Url;

use super::corpus::{self, Trick};
use super::origin::{LABEL, raw_origin};
use super::reading::{is_public, might_be_admin};
use super::site::{Site, site};

/// Who tries: a visitor without cookies, or a user who has access to `/` only.
const VISITORS: [&str; 2] = ["nobody", "outsider"];

/// What became of a request.
enum Outcome {
    /// The origin received this target.
    Reached(Vec<u8>),
    /// It was answered so, before the origin.
    Refused(String),
    /// No client of this protocol sends such a thing, or Envoy hung up.
    Unsent,
}

impl Outcome {
    fn shown(&self) -> String {
        match self {
            Self::Reached(target) => format!("origin: {}", shown(target)),
            Self::Refused(by) => by.clone(),
            Self::Unsent => "–".to_owned(),
        }
    }
}

/// Sends a target with cookies, and looks at what the origin received.
fn attempt(
    door: &Door<'_>,
    protocol: Protocol,
    (target, cookies): (&[u8], Option<&str>),
    label: &str,
) -> Result<Outcome> {
    let mut request = Request::sub_request(target).with(LABEL, label);
    if let Some(cookies) = cookies {
        request = request.with("cookie", cookies);
    }
    let answer = door.ask(protocol, &request);
    if let Some(arrival) = raw_origin()?.received.take(label) {
        return Ok(Outcome::Reached(arrival.target));
    }
    Ok(answer.map_or(Outcome::Unsent, |answer| Outcome::Refused(by(&answer))))
}

/// The filter's reason, or Envoy's status alone.
fn by(answer: &Answer) -> String {
    let problem: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let reason = problem
        .as_ref()
        .and_then(|problem| problem["reason"].as_str());
    format!("{} {}", answer.status, reason.unwrap_or("Envoy"))
}

fn cookies(site: &Site, browser: &Browser) -> Result<Option<String>> {
    Ok(browser.jar.header(&Url::parse(&site.lax.url("/"))?))
}

/// Whether a visitor may be let through to what an origin might make of a target.
fn allowed(visitor: &str, target: &[u8]) -> bool {
    is_public(target) || (visitor == "outsider" && !might_be_admin(target))
}

fn both_protocols(
    door: &Door<'_>,
    trick: &Trick,
    (visitor, cookies): (&str, Option<&str>),
    label: &str,
) -> Result<(String, Vec<String>)> {
    let mut cells = Vec::new();
    let mut wrong = Vec::new();
    for protocol in PROTOCOLS {
        let label = format!("{label} {protocol}");
        let outcome = attempt(door, protocol, (&trick.target, cookies), &label)?;
        if let Outcome::Reached(target) = &outcome
            && !allowed(visitor, target)
        {
            wrong.push(format!(
                "{label}: {} arrived as {}",
                trick.what,
                shown(target)
            ));
        }
        cells.push(outcome.shown());
    }
    cells.dedup();
    Ok((cells.join("; "), wrong))
}

#[test]
fn no_trick_reaches_a_path_under_a_laxer_policy() -> Result<()> {
    let site = site()?;
    let vms = Vms::of(&site.stand.deployment.envoy)?;
    let outsider = cookies(site, &site.sign_in(&site.outsider, "/")?)?;
    let tricks = corpus::tricks(site.lax.authority())?;
    assert!(tricks.len() >= 60);
    let columns = [
        "sent",
        "what",
        "visitor",
        "Envoy normalises",
        "Envoy leaves as sent",
    ];
    let mut table = Table::new("paths", &columns);
    let mut wrong = Vec::new();
    for (number, trick) in tricks.iter().enumerate() {
        for visitor in VISITORS {
            let held = outsider.as_deref().filter(|_| visitor == "outsider");
            let mut cells = Vec::new();
            for (listener, door) in site.doors()? {
                let label = format!("{number} {visitor} {listener}");
                let (cell, bad) = both_protocols(&door, trick, (visitor, held), &label)?;
                cells.push(cell);
                wrong.extend(bad);
            }
            let sent = shown(&trick.target);
            table.row(&[&sent, trick.what, visitor, &cells[0], &cells[1]]);
        }
    }
    table.print()?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    vms.ensure_same()
}

/// Who asks for what, and what comes of it.
#[rustfmt::skip] // One row a line.
const PLAIN: [(&str, &str, &str); 16] = [
    ("nobody", "/public/x", "origin: /public/x"),
    ("nobody", "/public", "origin: /public"),
    ("nobody", "/public/caf%C3%A9", "origin: /public/caf%C3%A9"),
    ("nobody", "/admin/public/x", "origin: /admin/public/x"),
    ("nobody", "/publicity", "401 no_session"),
    ("nobody", "/x", "401 no_session"),
    ("outsider", "/x/admin", "origin: /x/admin"),
    ("outsider", "/administrator", "origin: /administrator"),
    ("outsider", "/admin-x?a=/../b", "origin: /admin-x?a=/../b"),
    ("outsider", "/caf%C3%A9/a%20b", "origin: /caf%C3%A9/a%20b"),
    ("outsider", "/X.Y/z...a", "origin: /X.Y/z...a"),
    ("outsider", "/admin", "401 no_session"),
    ("outsider", "/admin/x", "401 no_session"),
    ("insider", "/admin", "origin: /admin"),
    ("insider", "/admin/x", "origin: /admin/x"),
    ("insider", "/x", "401 no_session"),
];

#[test]
fn plain_paths_go_where_they_should() -> Result<()> {
    let site = site()?;
    let outsider = cookies(site, &site.sign_in(&site.outsider, "/")?)?;
    let insider = cookies(site, &site.sign_in(&site.insider, "/admin")?)?;
    for (listener, door) in site.doors()? {
        for (visitor, path, expected) in PLAIN {
            let held = match visitor {
                "outsider" => &outsider,
                "insider" => &insider,
                _ => &None,
            };
            for protocol in PROTOCOLS {
                let label = format!("plain {listener} {visitor} {path} {protocol}");
                let sent = (path.as_bytes(), held.as_deref());
                let outcome = attempt(&door, protocol, sent, &label)?;
                assert_eq!(outcome.shown(), expected, "{label}");
            }
        }
    }
    Ok(())
}

#[test]
fn the_stricter_policy_admits_nobody_else() -> Result<()> {
    let site = site()?;
    let mut browser = site.sign_in(&site.outsider, "/")?;

    let page = browser.open(&site.strict.url("/admin"))?;

    assert_eq!(page.status, 403, "{}", page.text());
    let host = page.url.host_str().context("no host")?;
    assert_eq!(host, portcullis_demo::deployment::TEAM_HOST);
    Ok(())
}
