//! The demo: one on each port, and what it says about wrong settings.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::ports::free_port;
use portcullis_demo::process::Process;
use portcullis_demo::tools::Tools;
use portcullis_demo::wait;
use portcullis_e2e::chromium::visitor_trusting;
use portcullis_e2e::directories;
use rustix::process::Signal;

use super::command::END_LIMIT;
use crate::providers::sign_in_there;

const START_LIMIT: Duration = Duration::from_secs(90);

/// A running demo.
struct Demo {
    process: Process,
    log: PathBuf,
    directory: PathBuf,
    wiki: String,
    dashboard: String,
    user: User,
}

impl Demo {
    fn start(port: u16) -> Result<Self> {
        Self::start_with(port, &[])
    }

    fn start_with(port: u16, variables: &[(&str, &str)]) -> Result<Self> {
        let logs = directories::of_stand("demos")?;
        fs::create_dir_all(&logs)?;
        let log = logs.join(format!("{port}.log"));
        let mut command = program()?;
        command
            .env("DEMO_PORT", port.to_string())
            .env("DEMO_SESSION", "1m")
            .envs(variables.iter().copied());
        let mut process = Process::start("the demo", &command, &log)?;
        let line = wait::until("the demo to be ready", START_LIMIT, || {
            process.check_running()?;
            let log = fs::read_to_string(&log)?;
            let mut lines = log.split_inclusive('\n');
            let ready = lines.find(|line| line.starts_with("ready: ") && line.ends_with('\n'));
            Ok(ready.map(ToOwned::to_owned))
        })?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let [
            _,
            wiki,
            "dashboard",
            dashboard,
            "user",
            email,
            "password",
            password,
        ] = words[..]
        else {
            anyhow::bail!("{line}");
        };
        Ok(Self {
            process,
            log,
            directory: Tools::target()?.join(format!("demo-{port}")),
            wiki: wiki.to_owned(),
            dashboard: dashboard.to_owned(),
            user: User {
                id: String::new(),
                email: email.to_owned(),
                password: password.to_owned(),
            },
        })
    }

    fn browser(&self) -> Result<Browser> {
        Browser::new(&self.directory.join("ca.pem"))
    }

    fn end(mut self) -> Result<()> {
        self.process.signal(Signal::TERM);
        let status = self.process.wait_for_end(END_LIMIT)?;
        assert_eq!(status.code(), Some(0));
        fs::remove_dir_all(&self.directory)?;
        Ok(())
    }
}

fn program() -> Result<Command> {
    let control = Tools::find("control-with-clock")?.control;
    let directory = control.parent().context("no directory")?;
    let mut command = Command::new(directory.join("demo-with-clock"));
    command.env("PORTCULLIS_CONTROL", &control);
    Ok(command)
}

#[test]
fn a_second_demo_on_another_port_leaves_the_first_alone() -> Result<()> {
    let first = Demo::start(free_port()?)?;
    let url = format!("{}/api/echo", first.wiki);
    let mut browser = first.browser()?;
    assert_eq!(browser.sign_in(&url, &first.user)?.status, 200);
    assert_eq!(first.user.email, "demo@example.com");

    let second = Demo::start(free_port()?)?;
    let mut administrator = first.browser()?;
    let page = administrator.sign_in(&first.dashboard, &first.user)?.text();
    assert!(page.contains("class=\"role\">administrator<"), "{page}");
    assert_ne!(second.wiki, first.wiki);
    assert_eq!(browser.xhr(&url)?.status, 200);
    second.end()?;
    assert_eq!(browser.xhr(&url)?.status, 200);
    assert!(first.directory.join("data/portcullis.db").exists());
    first.end()
}

#[test]
fn b09_the_demos_provider_has_a_logout_button_that_ends_the_session() -> Result<()> {
    let demo = Demo::start_with(free_port()?, &[("DEMO_PROVIDER", "1")])?;
    let said = fs::read_to_string(&demo.log)?;
    let mut words = said.split_whitespace();
    let button = words.find(|word| word.ends_with("/session/end"));
    let button = button.context("the demo does not say where the button is")?;
    let visitor = visitor_trusting("chromium-demo", &demo.directory.join("ca.pem"))?;
    let (page, other) = (visitor.tab()?, visitor.tab()?);
    let wiki = format!("{}/", demo.wiki);
    page.open(&wiki)?;
    page.click("#ways a[href^='/login/demo?']")?;
    sign_in_there(&page, "lena")?;
    page.arrive(&wiki)?;
    other.open(button)?;
    other.click("button[name=logout]")?;
    // The page itself tells its reader.
    page.wait_for("document.querySelector('#expired')?.hidden === false")?;
    demo.end()
}

#[test]
fn a_wrong_setting_of_the_demo_names_itself() -> Result<()> {
    for (variable, value, allowed) in [
        ("DEMO_SESSION", "5x", "30s, 10m or 1h 30m"),
        ("DEMO_PORT", "http", "a port from 1 to 65535"),
    ] {
        let output = program()?.env(variable, value).output()?;
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr)?;
        assert!(
            error.starts_with(&format!("error: {variable} is `{value}`"))
                && error.contains(allowed),
            "{error}"
        );
    }
    Ok(())
}
