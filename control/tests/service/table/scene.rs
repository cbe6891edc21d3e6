//! A line's setting: durations as an administrator writes them, and somebody who just signed in.

use serde_json::{Value, json};

use crate::gate::Gate;
use crate::harness::Service;
use crate::person::{Person, Scene};

const EMAIL: &str = "ana@example.com";

/// The first four columns; `-`: not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    global: String,
    application: String,
    rule: String,
    refresh_in_request: String,
}

impl Setting {
    /// The setting and the column after it; `None` for what is no row of the table.
    pub fn of_line(line: &str) -> Option<(Self, String)> {
        let mut cells = line.split('|').map(|cell| cell.trim().to_owned());
        let mut next = || cells.next();
        let setting = Self {
            global: next()?,
            application: next()?,
            rule: next()?,
            refresh_in_request: next()?,
        };
        let time = next()?;
        (setting.global != "global").then_some((setting, time))
    }

    pub fn columns(&self) -> String {
        let columns = [
            self.global.as_str(),
            &self.application,
            &self.rule,
            &self.refresh_in_request,
        ];
        columns.join(" | ")
    }

    fn file(&self) -> String {
        match self.global.as_str() {
            "-" => String::new(),
            duration => format!("[sessions]\nglobal_duration = \"{duration}\"\n"),
        }
    }

    fn application(&self) -> Value {
        let mut rule = json!({ "everyone": true });
        if self.rule != "-" {
            rule["session_duration"] = json!(self.rule);
        }
        json!({
            "session_duration": self.application,
            "refresh_in_request": self.refresh_in_request,
            "policy": [rule],
        })
    }
}

/// A service of that setting, behind the filter core, and somebody who just signed in.
pub async fn begin(setting: &Setting) -> (Scene, Person) {
    let service = Service::start_with(&setting.file()).await;
    service.wiki(setting.application()).await;
    let mut scene = Scene {
        password: service.user(EMAIL).await,
        gate: Gate::new(&service).await,
        email: EMAIL,
        service,
    };
    let mut person = Person::default();
    assert!(person.gets_in(&mut scene).await);
    (scene, person)
}
