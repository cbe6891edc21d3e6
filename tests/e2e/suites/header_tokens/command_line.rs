//! `portcullis-control token`, run as people run it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use portcullis_demo::browser::Browser;
use portcullis_demo::control::User;
use portcullis_demo::origin::echo::Echo;
use portcullis_demo::tools::Tools;
use portcullis_e2e::clock::stand_with_clock;
use portcullis_e2e::header_tokens::{self, Finished, TokenCommand};
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::{Application, Stand, directories, stand};

/// Opens what the command asks for, signs in on the way, and presses a button.
fn answer(
    mut command: TokenCommand,
    browser: &mut Browser,
    user: &User,
    button: &str,
) -> Result<Finished> {
    let page = browser.sign_in(&command.address()?, user)?;
    assert_eq!(page.status, 200, "{}", page.text());
    let done = header_tokens::answer(browser, &page, button)?;
    assert_eq!(done.status, 200, "{}", done.text());
    command.finish()
}

/// What the origin sees of a script's request, by every protocol and header, is right.
fn gets_in(stand: &Stand, application: &Application, user: &User, token: &str) -> Result<()> {
    let bearer = format!("Bearer {token}");
    for protocol in PROTOCOLS {
        for (name, value) in [("x-access-token", token), ("authorization", &bearer)] {
            let request = Request::new("GET", "/api/echo").with(name, value);
            let answer = stand.ask(application, protocol, &request)?;
            assert_eq!(answer.status, 200, "{name} over {protocol}");
            let echo: Echo = serde_json::from_slice(&answer.body)?;
            assert_eq!(echo.value("x-access-user-email"), Some(user.email.as_str()));
            assert_eq!(echo.value("x-access-jwt-assertion"), Some(token));
            assert!(echo.values(name).is_empty(), "{echo:?}");
        }
    }
    let request = application.sub_request("/api/time", &header_tokens::line(token));
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 200);
    }
    Ok(())
}

#[test]
fn s19_a_script_gets_in_with_a_token_from_the_cli() -> Result<()> {
    let stand = stand()?;
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    for named in [application.name.as_str(), &application.origin] {
        let command = TokenCommand::start(stand, named)?;
        let finished = answer(command, &mut stand.browser()?, &user, "confirm")?;
        assert_eq!(finished.status, Some(0), "{finished:?}");
        let token = finished.stdout.strip_suffix('\n').context("no line")?;
        assert!(!token.contains(char::is_whitespace), "not the token alone");
        assert!(!finished.stderr.contains(token));
        gets_in(stand, &application, &user, token)?;
    }
    Ok(())
}

#[test]
fn s19_the_readmes_example_works() -> Result<()> {
    let stand = stand()?;
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme)?;
    let example = readme.split("    curl -H").nth(1).context("no example")?;
    let example = example.split("\n\n").next().context("no end")?;
    let deployment = &stand.deployment;
    let authority = deployment.certificates.authority.display().to_string();
    // Names are others here, and the authority is one that only the stand knows.
    let own = format!(
        "--team-domain {} --ca-file {authority}",
        deployment.team_domain()
    );
    let script = format!("curl --silent --fail --cacert {authority} -H{example}")
        .replace("--team-domain https://team.example.com", &own)
        .replace("token wiki", &format!("token {}", application.name))
        .replace("https://wiki.example.com/", &application.url("/api/echo"));
    assert!(!script.contains("example.com"), "{script}");

    let programs = directories::of_stand("readme-example")?;
    fs::create_dir_all(&programs)?;
    let program = Tools::find("control-with-clock")?.control;
    symlink(program, programs.join("portcullis-control"))?;
    let path = std::env::var("PATH")?;
    let mut command = Command::new("sh");
    command.args(["-c", &script]);
    command.env("PATH", format!("{}:{path}", programs.display()));
    let command = TokenCommand::run(command)?;
    let finished = answer(command, &mut stand.browser()?, &user, "confirm")?;

    assert_eq!(finished.status, Some(0), "{finished:?}");
    let echo: Echo = serde_json::from_str(&finished.stdout)?;
    assert_eq!(echo.value("x-access-user-email"), Some(user.email.as_str()));
    Ok(())
}

#[test]
fn a_refused_request_ends_the_command_without_a_token() -> Result<()> {
    let stand = stand()?;
    let (application, user) = (header_tokens::application(stand)?, stand.user()?);
    let command = TokenCommand::start(stand, &application.name)?;
    let finished = answer(command, &mut stand.browser()?, &user, "refuse")?;
    assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
    assert!(
        finished.stderr.contains("refused in the browser"),
        "{finished:?}"
    );
    Ok(())
}

#[test]
fn a_request_that_nobody_answers_ends_the_command() -> Result<()> {
    let clock = stand_with_clock()?;
    let application = header_tokens::application(&clock.stand)?;
    let mut command = TokenCommand::start(&clock.stand, &application.name)?;
    command.address()?;
    clock.shift(601)?;
    let finished = command.finish();
    clock.shift(0)?;
    let finished = finished?;
    assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""));
    assert!(
        finished.stderr.contains("not confirmed in time"),
        "{finished:?}"
    );
    Ok(())
}

#[test]
fn the_command_says_what_is_wrong() -> Result<()> {
    let stand = stand()?;
    let team_domain = stand.deployment.team_domain();
    let authority = stand
        .deployment
        .certificates
        .authority
        .display()
        .to_string();
    let plain = team_domain.replace("https://team.localhost", "http://team.example.com");
    let wiki = stand.deployment.origin_of("wiki.apps.localhost");
    let with_authority = |team_domain| vec!["--team-domain", team_domain, "--ca-file", &authority];
    for (arguments, status, expected) in [
        (
            with_authority(&team_domain),
            1,
            "accepts tokens for scripts",
        ),
        // The stand's authority is not one of the system's.
        (vec!["--team-domain", &team_domain], 1, "certificate"),
        (
            vec!["--team-domain", &team_domain, "--ca-file", "/dev/null"],
            1,
            "no PEM certificate",
        ),
        (with_authority(&wiki), 1, "not like a team domain"),
        (with_authority(&plain), 2, "must be https"),
        (with_authority("https://127.0.0.1:1"), 1, "does not answer"),
        (vec![], 2, "--team-domain"),
    ] {
        let mut command = Command::new(Tools::find("control-with-clock")?.control);
        command.args(["token", "nobody-knows-it"]).args(&arguments);
        let finished = TokenCommand::run(command)?.finish()?;
        assert_eq!(finished.status, Some(status), "{arguments:?}: {finished:?}");
        assert_eq!(finished.stdout, "");
        assert!(
            finished.stderr.contains(expected),
            "{arguments:?}: {finished:?}"
        );
    }
    Ok(())
}
