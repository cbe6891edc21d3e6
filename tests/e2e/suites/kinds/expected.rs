//! What each kind of request gets without a good session.

use anyhow::{Context, Result, ensure};
use portcullis_e2e::connection::Answer;
use portcullis_e2e::{Application, Stand};
use serde_json::Value;

use super::requests::Kind;

/// What caches must keep apart.
pub const VARY: &str = "Cookie, Origin, X-Requested-With, Sec-Fetch-Mode, Sec-Fetch-Dest, Accept, \
    Sec-Fetch-Site, HX-Request, HX-Current-URL, X-Inertia, Turbo-Frame, X-Turbo-Request-Id, Referer";

/// An answer with all that it is judged by.
pub struct Given<'a> {
    pub stand: &'a Stand,
    pub application: &'a Application,
    pub reason: &'a str,
    pub answer: &'a Answer,
}

impl Given<'_> {
    /// Fails unless the answer is what a request of this kind gets.
    pub fn check(&self, kind: Kind) -> Result<()> {
        self.has("cache-control", "no-store")?;
        self.clears_nothing()?;
        if kind != Kind::Navigation {
            ensure!(self.values("set-cookie").is_empty(), "a cookie");
            ensure!(self.answer.header("location").is_none(), "a redirect");
        }
        match kind {
            Kind::Navigation => self.leads_to_the_team_domain(),
            // The team domain learns which application opens its window.
            Kind::Framed => self.is_page("Sign in to continue", "origin", "?return_to=%2F"),
            Kind::FormPost => {
                self.is_page("Nothing was sent", "no-referrer", "\" target=\"_blank\"")
            }
            Kind::SubRequest => self.is_problem(),
            Kind::WebSocket | Kind::Prefetch => self.is_bare(401),
            Kind::Preflight => self.is_bare(403),
            Kind::Grpc => self.is_grpc_status("16"),
            // Which gRPC clients take for grpc-status 16 (gRPC's mapping from HTTP).
            Kind::GrpcByStatus => {
                ensure!(self.answer.status == 401, "not a refusal");
                Ok(())
            }
        }
    }

    /// The answer in few words.
    pub fn shown(&self) -> String {
        let header = |name| self.answer.header(name);
        let kind = header("content-type").unwrap_or("no body");
        match (header("location"), header("grpc-status")) {
            (Some(location), _) => {
                let start = location.split('?').next().unwrap_or_default();
                format!("{} to {start}", self.answer.status)
            }
            (None, Some(grpc)) => format!("{} grpc-status {grpc}", self.answer.status),
            (None, None) => format!("{} {kind}", self.answer.status),
        }
    }

    fn leads_to_the_team_domain(&self) -> Result<()> {
        ensure!(self.answer.status == 302, "not a redirect");
        let location = self.answer.header("location").context("no location")?;
        let team = self.stand.deployment.team_domain();
        let start = format!("{team}/login?app={}&origin=", self.application.audience);
        ensure!(location.starts_with(&start), "redirected to {location}");
        let cookies = self.values("set-cookie");
        let [attempt] = cookies.as_slice() else {
            anyhow::bail!("cookies {cookies:?}");
        };
        ensure!(attempt.starts_with("__Host-access_login_"), "{attempt}");
        ensure!(attempt.contains("HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"));
        Ok(())
    }

    /// A page with a link to the sign-in, whose address goes on like this, in a new window.
    fn is_page(&self, title: &str, referrer: &str, link: &str) -> Result<()> {
        ensure!(self.answer.status == 401, "not a refusal");
        self.has("content-type", "text/html; charset=utf-8")?;
        self.has("referrer-policy", referrer)?;
        self.has("x-content-type-options", "nosniff")?;
        let policy = self.answer.header("content-security-policy");
        ensure!(policy.is_some_and(|policy| policy.starts_with("default-src 'none';")));
        let text = String::from_utf8_lossy(&self.answer.body);
        ensure!(text.contains(title), "{text}");
        let link = format!("{}/.access/login{link}", self.application.origin);
        ensure!(text.contains(&link), "{text}");
        ensure!(text.contains("\" target=\"_blank\""), "{text}");
        ensure!(text.contains(&format!("Reason: {}", self.reason)), "{text}");
        Ok(())
    }

    fn is_problem(&self) -> Result<()> {
        ensure!(self.answer.status == 401, "not a refusal");
        self.has("content-type", "application/problem+json")?;
        self.has("vary", VARY)?;
        let team = self.stand.deployment.team_domain();
        let challenge = format!("Access realm=\"{team}\", error=\"{}\"", self.reason);
        self.has("www-authenticate", &challenge)?;
        let problem: Value = serde_json::from_slice(&self.answer.body)?;
        ensure!(
            problem["type"].is_string() && problem["title"].is_string(),
            "{problem}"
        );
        ensure!(
            problem["status"] == 401 && problem["reason"] == self.reason,
            "{problem}"
        );
        let login = format!("{}/.access/login", self.application.origin);
        ensure!(problem["login_url"] == login, "{problem}");
        Ok(())
    }

    fn is_bare(&self, status: u16) -> Result<()> {
        ensure!(self.answer.status == status, "not {status}");
        ensure!(self.answer.body.is_empty(), "a body");
        Ok(())
    }

    fn is_grpc_status(&self, status: &str) -> Result<()> {
        ensure!(self.answer.status == 200, "not the status of a gRPC answer");
        self.has("grpc-status", status)?;
        self.has("content-type", "application/grpc")?;
        self.has("grpc-message", self.reason)
    }

    /// A late refusal for an old token must not delete a fresh one.
    fn clears_nothing(&self) -> Result<()> {
        for line in self.values("set-cookie") {
            let kept = !line.contains("access_token") && !line.contains("access_binding");
            ensure!(kept && !line.contains("Max-Age=0"), "{line}");
        }
        Ok(())
    }

    fn has(&self, name: &str, value: &str) -> Result<()> {
        let values = self.values(name);
        ensure!(values == [value], "{name}: {values:?}, not {value}");
        Ok(())
    }

    fn values(&self, name: &str) -> Vec<String> {
        let all = self.answer.headers.iter();
        let same = all.filter(|(other, _)| other == name);
        same.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    }
}
