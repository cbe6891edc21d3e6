//! The groups of a person: the origin receives those that its application forwards, from the
//! filter only.
//!
//! The stand's identity provider is never asked: the test writes into the database what it would
//! have said.

use std::fs;

use anyhow::{Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::browser::jar::Cookie;
use portcullis_demo::origin::echo::Echo;
use portcullis_demo::wait;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::{Application, ApplicationSettings, Stand, directories, tokens};
use serde_json::{Value, json};
use sqlx::AnyPool;

const GROUPS: &str = "x-access-user-groups";
/// What a client sends to be in a group.
const SPOOFED: &str = "X-Access-User-Groups: corp:evil\r\n\
                       x_access_user_groups: corp:evil\r\n\
                       X-Access.User-Groups: corp:evil\r\n\
                       x-access-user-groups-truncated: evil\r\n";
const BOTH: &str = "corp:K%C3%BCche%2C%20Haus%202,corp:ops";

/// A stand with the identity provider `corp`, where users sign in with passwords.
fn stand() -> Result<Stand> {
    let directory = directories::of_stand("groups")?;
    let secret = directory.with_extension("secret");
    fs::create_dir_all(&directory)?;
    fs::write(&secret, "secret")?;
    let configuration = format!(
        "[sign_in]\npasswords = true\n\n[[identity_providers]]\nid = \"corp\"\nname = \"Corp\"\n\
         issuer = \"https://sso.example.com\"\nclient_id = \"portcullis\"\n\
         groups_claim = \"groups\"\nclient_secret_file = \"{}\"\n",
        secret.display()
    );
    Stand::start_configured(&directory, &configuration)
}

/// The only session becomes one of a person whom `corp` has signed in, with these groups. Then the
/// application changes, so that the next request of the browser renews its token.
fn provider_says(stand: &Stand, application: &Application, groups: &[&str]) -> Result<()> {
    const ADD: &str = "INSERT INTO identities (id, user_id, provider_id, subject, email, \
        email_normal, email_believed, groups, claims, created_at, last_seen_at) \
        SELECT 'someone', user_id, 'corp', 'a-subject', email, email_normal, 1, '[]', '{}', 1, 1 \
        FROM sessions JOIN users ON users.id = user_id WHERE TRUE ON CONFLICT (id) DO NOTHING";
    const CHANGE: &str = "UPDATE sessions SET identity_id = 'someone', groups = $1";
    sqlx::any::install_default_drivers();
    let url = format!("sqlite://{}", stand.deployment.control.database().display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let changed = runtime.block_on(async {
        let pool = AnyPool::connect(&url).await?;
        sqlx::query(ADD).execute(&pool).await?;
        let change = sqlx::query(CHANGE).bind(json!(groups).to_string());
        let changed = change.execute(&pool).await?.rows_affected();
        pool.close().await;
        anyhow::Ok(changed)
    })?;
    ensure!(changed == 1, "{changed} sessions");
    let duration = format!("{}h", 2 + groups.len());
    set(stand, application, &["--session-duration", &duration])
}

fn set(stand: &Stand, application: &Application, options: &[&str]) -> Result<()> {
    let command = [&["application", "set", &application.name], options].concat();
    let _: Value = stand.deployment.control.command(&command)?;
    Ok(())
}

/// Asks until the origin receives these groups, by a renewed token.
fn renewed(browser: &mut Browser, application: &Application, groups: &[&str]) -> Result<Echo> {
    let url = application.url("/api/echo");
    wait::until(&format!("{groups:?}"), REVOCATION_LIMIT, || {
        let echo: Echo = browser.fetch(&url)?.json()?;
        Ok((echo.values(GROUPS) == groups).then_some(echo))
    })
}

/// What the origin receives of a request that also carries [`SPOOFED`], by each worker.
fn received(stand: &Stand, application: &Application, browser: &Browser) -> Result<Vec<Echo>> {
    let pair = |cookie: &Cookie| format!("{}={}", cookie.name, cookie.value);
    let token = pair(tokens::token(browser, application)?);
    let binding = pair(tokens::binding(browser, application)?);
    let lines = format!("{SPOOFED}Cookie: {token}; {binding}\r\n");
    let request = application.sub_request("/api/echo", &lines);
    let answers = stand.workers.each(|worker| worker.send(&request))?;
    answers.iter().map(unspoofed).collect()
}

fn unspoofed(answer: &Answer) -> Result<Echo> {
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200 && !text.contains("evil"), "{text}");
    Ok(serde_json::from_slice(&answer.body)?)
}

#[test]
fn the_origin_receives_the_groups_of_now_and_never_a_clients() -> Result<()> {
    let stand = stand()?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        options: &[
            "--forward-groups",
            "corp:Küche, Haus 2",
            "corp:ops",
            "--bypass",
            "/api/echo/open",
        ],
        ..ApplicationSettings::default()
    })?;
    let mut browser = stand.sign_in(&stand.user()?, &application)?;
    // A password says nothing about groups: the header is there, and empty.
    for echo in received(&stand, &application, &browser)? {
        assert_eq!(echo.values(GROUPS), [""]);
    }

    provider_says(&stand, &application, &["ops", "Küche, Haus 2", "secret"])?;
    let echo = renewed(&mut browser, &application, &[BOTH])?;
    let token = echo.value("x-access-jwt-assertion").unwrap_or_default();
    let (_, claims) = tokens::unverified(token)?;
    assert_eq!(claims["groups"], json!(["corp:Küche, Haus 2", "corp:ops"]));
    for echo in received(&stand, &application, &browser)? {
        assert_eq!(echo.values(GROUPS), [BOTH]);
        assert!(echo.values("x-access-user-groups-truncated").is_empty());
    }
    let url = application.url("/.access/identity");
    let identity: Value = browser.fetch(&url)?.json()?;
    assert_eq!(identity["groups"], claims["groups"]);

    // Where no session is needed, nobody's groups arrive.
    let request = application.sub_request("/api/echo/open", SPOOFED);
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert!(unspoofed(&answer)?.values(GROUPS).is_empty());
    }

    provider_says(&stand, &application, &["ops"])?;
    renewed(&mut browser, &application, &["corp:ops"])?;
    set(&stand, &application, &["--forward-groups"])?;
    renewed(&mut browser, &application, &[])?;
    for echo in received(&stand, &application, &browser)? {
        assert!(echo.values(GROUPS).is_empty());
    }
    Ok(())
}
