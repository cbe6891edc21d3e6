//! An administrator at the page.

use reqwest::StatusCode;
use serde_json::Value;

use super::form::Form;
use super::{path, wiki};
use crate::browser::Browser;
use crate::dashboard::{administrator, page, read};
use crate::harness::Service;

/// The page of the wiki's policies, in an administrator's browser.
pub struct Desk {
    pub service: Service,
    pub browser: Browser,
    pub path: String,
    pub shown: String,
}

impl Desk {
    pub async fn with(policy: Value) -> Self {
        Self::at(Service::start().await, policy).await
    }

    pub async fn at(service: Service, policy: Value) -> Self {
        let audience = wiki(&service, policy).await;
        let mut browser = administrator(&service).await;
        let path = path(&audience);
        let shown = page(&service, &mut browser, &path).await;
        Self {
            service,
            browser,
            path,
            shown,
        }
    }

    /// Presses a button of the form that is shown, after typing.
    pub async fn press(&mut self, button: &str, typed: &[(&str, &str)]) -> u16 {
        let mut form = Form::of_rules(&self.shown);
        for (name, value) in typed {
            form = form.typed(name, value);
        }
        let response = form
            .press(&self.service, &mut self.browser, (&self.path, button))
            .await;
        let (status, shown) = read(response).await;
        self.shown = shown;
        status
    }

    /// Saves what was checked; the page after it.
    pub async fn save(&mut self) {
        let form = Form::of_save(&self.shown);
        let saved = form.press(&self.service, &mut self.browser, (&self.path, "save"));
        let saved = saved.await;
        assert_eq!(saved.status(), StatusCode::SEE_OTHER);
        let to = saved.headers()["location"].to_str().unwrap().to_owned();
        self.shown = page(&self.service, &mut self.browser, &to).await;
    }

    /// The names of the rules, in the order of the page.
    pub fn ids(&self) -> Vec<String> {
        let rows = self.shown.split("<tr id=\"rule-").skip(1);
        let id = |row: &str| {
            let (_, rest) = row.split_once("<bdi>").unwrap();
            rest.split_once("</bdi>").unwrap().0.to_owned()
        };
        rows.map(id).collect()
    }
}
