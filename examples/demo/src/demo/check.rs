//! The demo used as a person would use it, over TLS, with the reason at the first step that
//! does not do what it should.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;

use super::scene::{Demo, EMAIL, Scene, WIKI, empty};
use crate::browser::Browser;
use crate::browser::form::Form;
use crate::browser::response::Response;
use crate::control::User;
use crate::origin::echo::Echo;
use crate::ports::free_port;
use crate::tools::Tools;
use crate::wait;

/// Short, so that the check can see it end.
const LOGIN_BLOCK: Duration = Duration::from_secs(2);
/// How long a revocation may take to be seen by a request.
const REVOCATION_LIMIT: Duration = Duration::from_secs(2);
/// How long a new application may take to reach the filter, and a login block to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the demo on free ports, drives it, ends it.
///
/// # Errors
/// The first step that failed, why, and where the logs are.
pub fn check() -> Result<()> {
    let start = Instant::now();
    let tools = Tools::find("portcullis-control")?;
    let directory = tools.target.join("demo-check");
    empty(&directory)?;
    let demo = Scene {
        tools: &tools,
        directory: &directory,
        port: free_port()?,
        session_duration: "10m",
        login_block: LOGIN_BLOCK,
        provider: false,
    }
    .open()?;
    println!("ok: control service, Envoy and application are up");
    Check::new(&demo, &tools)?
        .drive()
        .map_err(|error| anyhow!("{error:#}\nlogs are in {}", directory.display()))?;
    drop(demo);
    println!("ok: all of it, in {:.1} s", start.elapsed().as_secs_f32());
    Ok(())
}

struct Check<'a> {
    demo: &'a Demo,
    tools: &'a Tools,
    user: User,
    browser: Browser,
    wiki: String,
}

/// What a sub-request is told when it is refused.
#[derive(Deserialize)]
struct Refusal {
    reason: String,
    login_url: String,
}

impl<'a> Check<'a> {
    fn new(demo: &'a Demo, tools: &'a Tools) -> Result<Self> {
        Ok(Self {
            demo,
            tools,
            user: demo.user().context("no password")?,
            browser: demo.browser()?,
            wiki: demo.origin_of("wiki.localhost"),
        })
    }

    fn drive(&mut self) -> Result<()> {
        type Step<'a> = (&'static str, fn(&mut Check<'a>) -> Result<()>);
        let steps: [Step<'a>; 10] = [
            ("without a session a sub-request gets 401", Self::stranger),
            ("a page leads to the team domain's sign-in", Self::redirect),
            ("signing in leads back to the page", Self::sign_in),
            (
                "the application gets identity and none of our cookies",
                Self::echo,
            ),
            ("a sub-request with the session gets 200", Self::sub_request),
            (
                "revoking the user refuses the next requests",
                Self::revoke_user,
            ),
            (
                "the revoked user cannot log in at once, but after the block",
                Self::block,
            ),
            (
                "revoking the application refuses the next requests",
                Self::revoke_application,
            ),
            (
                "the same user gets in again without a prompt",
                Self::silent_login,
            ),
            ("after logging out there is no session", Self::logout),
        ];
        for (name, step) in steps {
            step(self).with_context(|| format!("failed: {name}"))?;
            println!("ok: {name}");
        }
        Ok(())
    }

    fn stranger(&mut self) -> Result<()> {
        // The applications are seconds old: the filter hears of them by the feed.
        let refusal = wait::until("the filter to know the application", PATIENCE, || {
            let answer = self.ask()?;
            Ok((answer.status == 401).then_some(answer))
        })?;
        let refusal: Refusal = refusal.json()?;
        ensure!(refusal.reason == "no_session", "reason {}", refusal.reason);
        let login = format!("{}/.access/login", self.wiki);
        ensure!(
            refusal.login_url.starts_with(&login),
            "login_url {}",
            refusal.login_url
        );
        Ok(())
    }

    fn redirect(&mut self) -> Result<()> {
        let answer = self.browser.navigate(&format!("{}/", self.wiki))?;
        let location = answer.location()?.context("no redirect")?;
        let team = self.demo.team_domain();
        ensure!(
            location.as_str().starts_with(&format!("{team}/login?")),
            "to {location}"
        );
        Ok(())
    }

    fn sign_in(&mut self) -> Result<()> {
        let url = format!("{}/start?a=1", self.wiki);
        let page = self.browser.sign_in(&url, &self.user)?;
        expect(&page, 200)?;
        ensure!(page.url.as_str() == url, "led to {}", page.url);
        ensure!(
            page.text().contains(EMAIL),
            "the page does not name the user"
        );
        Ok(())
    }

    fn echo(&mut self) -> Result<()> {
        let echo: Echo = self
            .browser
            .fetch(&format!("{}/api/echo", self.wiki))?
            .json()?;
        ensure!(
            echo.values("cookie").is_empty(),
            "cookies {:?}",
            echo.values("cookie")
        );
        let email = echo.value("x-access-user-email");
        ensure!(email == Some(EMAIL), "x-access-user-email {email:?}");
        ensure!(echo.value("x-access-jwt-assertion").is_some(), "no token");
        Ok(())
    }

    fn sub_request(&mut self) -> Result<()> {
        expect(&self.ask()?, 200)
    }

    fn revoke_user(&mut self) -> Result<()> {
        self.revoke("user", EMAIL)?;
        self.refused_soon()
    }

    fn block(&mut self) -> Result<()> {
        let url = format!("{}/", self.wiki);
        let page = self.browser.sign_in(&url, &self.user)?;
        ensure!(
            page.status != 200 || !page.url.as_str().starts_with(&self.wiki),
            "let in at once"
        );
        let user = self.user.clone();
        wait::until("the login block to end", PATIENCE, || {
            let mut browser = self.demo.browser()?;
            let page = browser.sign_in(&url, &user)?;
            let inside = page.status == 200 && page.url.as_str() == url;
            Ok(inside.then(|| self.browser = browser))
        })?;
        expect(&self.ask()?, 200)
    }

    fn revoke_application(&mut self) -> Result<()> {
        self.revoke("application", WIKI)?;
        self.refused_soon()
    }

    fn silent_login(&mut self) -> Result<()> {
        let page = self.browser.open(&format!("{}/", self.wiki))?;
        expect(&page, 200)?;
        ensure!(
            page.url.as_str().starts_with(&self.wiki),
            "led to {}",
            page.url
        );
        expect(&self.ask()?, 200)
    }

    fn logout(&mut self) -> Result<()> {
        let question = self
            .browser
            .open(&format!("{}/.access/logout", self.wiki))?;
        expect(&question, 200)?;
        let form = Form::to(&question.text(), "/.access/logout").context("no form")?;
        let answer = self.browser.submit(&question.url, &form)?;
        ensure!(answer.status < 400, "logout answered {}", answer.status);
        expect(&self.ask()?, 401)?;
        let page = self.browser.open(&format!("{}/", self.wiki))?;
        let form = Form::with_field(&page.text(), "password");
        ensure!(
            form.is_some(),
            "a page did not ask to sign in, but answered {}",
            page.status
        );
        Ok(())
    }

    /// As an administrator does it, on the command line.
    fn revoke(&self, kind: &str, name: &str) -> Result<()> {
        let output = self
            .demo
            .command(self.tools)
            .args(["revoke", kind, name])
            .output()?;
        let error = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "revoke {kind} {name}: {error}");
        Ok(())
    }

    fn ask(&mut self) -> Result<Response> {
        self.browser.xhr(&format!("{}/api/time", self.wiki))
    }

    /// Waits for the refusal that a revocation brings, and looks at its reason.
    fn refused_soon(&mut self) -> Result<()> {
        let refused = wait::until("a refusal", REVOCATION_LIMIT, || {
            let answer = self.ask()?;
            // A request that is on its way when the session is revoked is cut with 403, since the
            // application may have carried it out. The next one is refused with 401.
            Ok((!matches!(answer.status, 200 | 403)).then_some(answer))
        })?;
        expect(&refused, 401)?;
        let refusal: Refusal = refused.json()?;
        ensure!(
            refusal.reason == "session_revoked",
            "reason {}",
            refusal.reason
        );
        Ok(())
    }
}

fn expect(answer: &Response, status: u16) -> Result<()> {
    if answer.status == status {
        return Ok(());
    }
    let text: String = answer.text().chars().take(400).collect();
    bail!(
        "{} answered {}, not {status}: {text}",
        answer.url,
        answer.status
    )
}
