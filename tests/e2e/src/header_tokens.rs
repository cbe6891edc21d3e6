//! Tokens for scripts, got as people get them: by the command line, or from the page `/tokens`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::form::Form;
use portcullis_demo::browser::response::Response;
use portcullis_demo::control::User;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;

use crate::{Application, ApplicationSettings, Stand};

/// Polls are two seconds apart.
const LIMIT: Duration = Duration::from_secs(30);

/// An application that takes tokens in headers, and binds its cookies.
///
/// # Errors
/// As [`Stand::application`].
pub fn application(stand: &Stand) -> Result<Application> {
    stand.application(&ApplicationSettings {
        binding_cookie: true,
        options: &["--header-tokens", "true"],
        ..ApplicationSettings::default()
    })
}

/// A running `portcullis-control token`, or a command with one in it. Ended when dropped.
pub struct TokenCommand {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

/// What came of it.
#[derive(Debug)]
pub struct Finished {
    /// Its exit status.
    pub status: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

impl TokenCommand {
    /// Starts the command against the stand's team domain.
    ///
    /// # Errors
    /// When the program is missing.
    pub fn start(stand: &Stand, application: &str) -> Result<Self> {
        let mut command = Command::new(Tools::find("control-with-clock")?.control);
        command
            .args(["token", application, "--team-domain"])
            .arg(stand.deployment.team_domain())
            .arg("--ca-file")
            .arg(&stand.deployment.certificates.authority);
        Self::run(command)
    }

    /// Starts any command.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().context("no standard error")?;
        Ok(Self {
            child,
            stderr: BufReader::new(stderr),
            said: String::new(),
        })
    }

    /// The address that it asks a person to open.
    ///
    /// # Errors
    /// When it ends without naming one.
    pub fn address(&mut self) -> Result<String> {
        loop {
            let before = self.said.len();
            let read = self.stderr.read_line(&mut self.said)?;
            ensure!(read > 0, "it ended: {}", self.said);
            let line = self.said.get(before..).unwrap_or_default();
            if let Some(address) = line.trim().strip_prefix("Open ") {
                return Ok(address.to_owned());
            }
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// When it does not end.
    pub fn finish(mut self) -> Result<Finished> {
        let child = &mut self.child;
        let status = wait::until("the command to end", LIMIT, || Ok(child.try_wait()?))?;
        let mut stdout = String::new();
        let pipe = self.child.stdout.as_mut().context("no standard output")?;
        pipe.read_to_string(&mut stdout)?;
        self.stderr.read_to_string(&mut self.said)?;
        Ok(Finished {
            status: status.code(),
            stdout,
            stderr: std::mem::take(&mut self.said),
        })
    }
}

impl Drop for TokenCommand {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token from the page `/tokens`, in a browser that is signed in.
///
/// # Errors
/// When the page shows none.
pub fn make(stand: &Stand, browser: &mut Browser, application: &Application) -> Result<String> {
    let page = browser.open(&format!("{}/tokens", stand.deployment.team_domain()))?;
    let mut form = Form::to(&page.text(), "/tokens").context("no form")?;
    form.fill("application", &application.audience);
    let made = browser.submit(&page.url, &form)?;
    let text = made.text();
    let token = text
        .split_once("<textarea")
        .and_then(|(_, rest)| rest.split_once('>')?.1.split_once("</textarea>"))
        .map(|(token, _)| token.to_owned());
    token.with_context(|| format!("{}: no token in {text}", made.status))
}

/// A user who signs in to an application, and the token that they make for it.
///
/// # Errors
/// As [`Stand::sign_in`] and [`make`].
pub fn sign_in_and_make(
    stand: &Stand,
    user: &User,
    application: &Application,
) -> Result<(Browser, String)> {
    let mut browser = stand.sign_in(user, application)?;
    let token = make(stand, &mut browser, application)?;
    Ok((browser, token))
}

/// Presses a button of the page that asks whether a token may be made.
///
/// # Errors
/// When the page is another.
pub fn answer(browser: &mut Browser, page: &Response, answer: &str) -> Result<Response> {
    let form = Form::to(&page.text(), "/device");
    let mut form = form.with_context(|| format!("{}: {}", page.url, page.text()))?;
    form.fill("answer", answer);
    browser.submit(&page.url, &form)
}

/// The line with a token in the header that is ours.
#[must_use]
pub fn line(token: &str) -> String {
    format!("x-access-token: {token}\r\n")
}
