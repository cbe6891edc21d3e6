//! A control service with the data of a large organisation, and an administrator.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use portcullis_demo::control::{Allow, ControlService, NewApplication, User};
use portcullis_demo::tools::Tools;
use serde_json::json;

use super::data::{FIRST, Ground, Sizes, instance, session_id, user_id};
use super::database::{Database, Which};
use crate::cores::{Cores, pin};
use crate::credentials::now;

/// The team domain's authority, for which no Envoy stands here.
pub(super) const HOST: &str = "team.localhost";
const ADMINISTRATOR: &str = "root@example.com";

/// All of it; dropping it ends it.
pub(super) struct Organisation {
    /// The listener for people.
    pub people: SocketAddr,
    /// The administrator.
    pub administrator: User,
    /// What pages are asked for.
    pub known: Known,
    /// The database's name.
    pub database: &'static str,
    _control: ControlService,
}

/// Some of what there is, as addresses of pages name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Vec<(&'static str, String)>);

impl Known {
    /// An address in which they stand for their words.
    pub fn fill_in(&self, address: &str) -> String {
        let known = self.0.iter();
        known.fold(address.to_owned(), |address, (word, value)| {
            address.replace(word, value)
        })
    }
}

impl Organisation {
    /// Starts the service, which makes the tables; fills them while it does not run.
    pub fn open(tools: &Tools, directory: &Path, cores: Cores, sizes: Sizes) -> Result<Self> {
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        let which = Which::choose()?;
        let configuration = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nfilters = \"127.0.0.1:0\"\n\
             team_domain = \"https://{HOST}\"\n\n[sign_in]\npasswords = true\n{}",
            which.configuration()
        );
        let mut control = ControlService::start(&tools.control, directory, &configuration)?;
        let audience = begin(&control)?;
        let administrator = control.add_user(ADMINISTRATOR)?;
        control.give_role(ADMINISTRATOR, "administrator")?;
        control.new_filter_credential()?;
        control.kill();
        let mut database = which.connect(&control.database())?;
        let ground = ground(&mut database, audience)?;
        fill(&mut database, sizes, &ground)?;
        let known = known(&mut database, sizes, &ground)?;
        database.close()?;
        control.restart()?;
        pin(control.process().id(), cores.measured)?;
        Ok(Self {
            people: control.addresses().listen,
            administrator,
            known,
            database: which.name(),
            _control: control,
        })
    }
}

/// The first application, whose audience is the answer.
fn begin(control: &ControlService) -> Result<String> {
    let audience = control.add_application(&NewApplication {
        name: FIRST,
        origin: &format!("https://{FIRST}.localhost"),
        session_duration: "24h",
        binding_cookie: true,
        http_only: true,
        same_site: "lax",
        allow: Allow::Everyone,
        options: &[],
    })?;
    let partners =
        json!([{ "email": "ana@partner.example" }, { "email_domain": "partner.example" }]);
    let rules = json!([
        { "id": "contractors", "action": "block", "include": [{ "email": "bo@contractor.example" }] },
        { "id": "partners", "action": "allow", "include": partners, "session_duration": "1h" },
        { "id": "staff", "action": "allow", "include": [{ "email_domain": "example.com" }] },
    ]);
    control.set_policy(FIRST, &rules)?;
    Ok(audience)
}

fn ground(database: &mut Database, audience: String) -> Result<Ground> {
    Ok(Ground {
        now: now()?.get(),
        audience,
        credential: database.text("SELECT id FROM filter_credentials")?,
        version: database.number("SELECT version FROM feed_state")?,
        audit_id: database.number("SELECT last_id FROM audit_state")?,
    })
}

/// One statement is one transaction.
fn fill(database: &mut Database, sizes: Sizes, ground: &Ground) -> Result<()> {
    let begun = Instant::now();
    for (what, sql) in sizes.statements(ground) {
        let since = Instant::now();
        database.run(&sql)?;
        let (took, all) = (since.elapsed().as_secs_f64(), begun.elapsed().as_secs_f64());
        println!("filled {what:<16} {took:>6.1} s of {all:>6.1} s");
    }
    Ok(())
}

/// Some rows. The first user has many sessions, and the second is disabled.
fn known(database: &mut Database, sizes: Sizes, ground: &Ground) -> Result<Known> {
    let newest = database.number("SELECT version FROM feed_state")?;
    let newest_event = database.number("SELECT last_id FROM audit_state")?;
    ensure!(newest > ground.version, "the database was not filled");
    let middle = |count: u64| i64::try_from(count / 2);
    let old = newest - middle(sizes.revocations)?;
    let event = newest_event - middle(sizes.audit_events)?;
    let mut text = |what: &str| database.text(&format!("SELECT {what}"));
    let user = text(&user_id("0"))?;
    let of_user = |column: &str| format!("{column} FROM users WHERE id = '{user}'");
    let name = text(&of_user("name"))?.replace(' ', "+");
    let names = vec![
        ("{email}", text(&of_user("email"))?),
        ("{name}", name),
        ("{other}", text(&user_id("7"))?),
        ("{disabled}", text(&user_id("1"))?),
        ("{session}", text(&session_id("2000"))?),
        ("{instance}", text(&instance("42"))?.replace('/', "%2F")),
        ("{kid}", text("kid FROM signing_keys")?),
        ("{credential}", ground.credential.clone()),
        ("{audience}", ground.audience.clone()),
        ("{version}", newest.to_string()),
        ("{old}", old.to_string()),
        ("{event}", event.to_string()),
        ("{user}", user),
    ];
    Ok(Known(names))
}
