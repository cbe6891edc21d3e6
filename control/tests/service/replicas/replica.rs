//! A service in a process of its own, asked as browsers and filters ask it.

use std::path::{Path, PathBuf};

use portcullis::protocol::feed::FeedPage;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;

use crate::browser::{Attempt, between};
use crate::kill::Process;

/// The service.
pub struct Replica {
    /// Ends with the test.
    pub process: Option<Process>,
    pub data: PathBuf,
    pub http: Client,
    pub listen: String,
    filters: String,
}

/// What a browser got that filled in the form.
pub struct SignedIn {
    /// Where it is sent.
    pub location: Option<String>,
    /// The cookie of its session, if it has one.
    pub session: String,
}

impl Replica {
    /// Starts it with these variables in its environment.
    pub fn start(data: &Path, settings: &[(&str, &str)]) -> Self {
        let process = Process::start_with(data, settings);
        let run = std::fs::read(data.join("run.json")).unwrap();
        let run: Value = serde_json::from_slice(&run).unwrap();
        let text = |field: &str| run[field].as_str().unwrap().to_owned();
        let redirects = reqwest::redirect::Policy::none();
        Self {
            process: Some(process),
            data: data.to_owned(),
            http: Client::builder().redirect(redirects).build().unwrap(),
            listen: text("listen"),
            filters: text("filters"),
        }
    }

    /// Kills the process, as the machine's death would.
    pub fn signal_kill(&self) {
        self.process.as_ref().unwrap().signal("-KILL");
    }

    /// The same, and waits until it is dead.
    pub fn kill(&mut self) {
        drop(self.process.take());
    }

    /// What it logged until it was told to end.
    pub fn end(mut self) -> String {
        let process = self.process.take().unwrap();
        process.signal("-TERM");
        process.end().2
    }

    /// Fills in the form of an attempt.
    pub async fn sign_in(&self, attempt: &Attempt, email: &str, password: &str) -> SignedIn {
        let url = format!("http://{}{}", self.listen, attempt.path());
        let page = self.http.get(&url).send().await.unwrap();
        let form = page.headers()["set-cookie"].to_str().unwrap().to_owned();
        let page = page.text().await.unwrap();
        let token = between(&page, "name=\"csrf_token\" value=\"", "\"");
        let fields = [
            ("email", email),
            ("password", password),
            ("csrf_token", token),
        ];
        let pair = form.split(';').next().unwrap();
        let sent = self.http.post(url).header("cookie", pair).form(&fields);
        let sent = sent.send().await.unwrap();
        let header = |name: &str| {
            let value = sent.headers().get(name)?.to_str().unwrap();
            Some(value.split(';').next().unwrap().to_owned())
        };
        SignedIn {
            location: header("location"),
            session: header("set-cookie").unwrap_or_default(),
        }
    }

    /// A call of the filter API; the JSON that it answers.
    pub async fn call(&self, credential: &str, name: &str, body: &Value) -> Value {
        let url = format!("http://{}/api/filter/v1/{name}", self.filters);
        let call = self.http.post(url).bearer_auth(credential).json(body);
        call.send().await.unwrap().json().await.unwrap()
    }

    /// A poll of the feed, to be sent.
    pub fn poll(&self, http: &Client, credential: &str, query: &[(&str, &str)]) -> RequestBuilder {
        let url = format!("http://{}/api/filter/v1/feed", self.filters);
        http.get(url).bearer_auth(credential).query(query)
    }

    /// What a poll brings, if it brings anything.
    pub async fn feed(
        &self,
        credential: &str,
        query: &[(&str, &str)],
    ) -> reqwest::Result<Option<FeedPage>> {
        let answer = self.poll(&self.http, credential, query).send().await?;
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        answer.error_for_status()?.json().await.map(Some)
    }
}
