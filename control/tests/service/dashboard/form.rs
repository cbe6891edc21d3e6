//! A form as a browser reads it, fills it and sends it.

use reqwest::{RequestBuilder, Response};

use super::own_form;
use crate::browser::{Browser, between};
use crate::harness::Service;

/// The form of a page's content: its target, and what a browser would send.
pub struct Form {
    action: String,
    fields: Vec<(String, String)>,
}

impl Form {
    pub fn of(page: &str) -> Self {
        let (_, content) = page.split_once("<main").unwrap();
        let (_, rest) = content.split_once("<form ").unwrap();
        let (form, _) = rest.split_once("</form>").unwrap();
        let mut fields = Vec::new();
        for tag in form.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').unwrap_or((tag, ""));
            let attribute = |name: &str| {
                let (_, value) = tag.split_once(&format!(" {name}=\""))?;
                Some(plain(value.split('"').next().unwrap()))
            };
            let Some(name) = attribute("name") else {
                continue;
            };
            let is_box = tag.contains("\"checkbox\"") || tag.contains("\"radio\"");
            if tag.starts_with("input") && (!is_box || tag.contains(" checked")) {
                fields.push((name, attribute("value").unwrap_or_default()));
            } else if tag.starts_with("textarea") {
                let text = text.strip_prefix('\n').unwrap_or(text);
                fields.push((name, plain(text)));
            }
        }
        Self {
            action: between(form, "action=\"", "\"").to_owned(),
            fields,
        }
    }

    /// Fills a field, and presses the button that has such a name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(found, _)| found != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a tick away.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(found, _)| found != name);
        self
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let found = fields.find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn request(&self, service: &Service) -> RequestBuilder {
        let fields: Vec<(&str, &str)> = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        own_form(service, &self.action, &fields)
    }

    pub async fn send(&self, service: &Service, browser: &mut Browser) -> Response {
        browser.send(self.request(service)).await
    }
}

fn plain(text: &str) -> String {
    text.replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#38;", "&")
}
