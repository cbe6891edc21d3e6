//! What the control service may answer, or fail to, and what those who wait then get.

use std::time::{Duration, Instant};

use anyhow::Result;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::refresh_relay::Conduct;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{Protocol, Request};
use portcullis_e2e::{ApplicationSettings, Stand};
use serde_json::Value;

use super::scene::{Expired, assert_renewed, scene, set_cookies};

/// `control.timeout` of the bootstrap.
const TIMEOUT: Duration = Duration::from_secs(2);

fn text(status: &str, body: &str) -> Conduct {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    );
    Conduct::Send(answer.into_bytes())
}

fn refused(reason: &str) -> Conduct {
    let body = format!(r#"{{"type":"about:blank","status":403,"reason":"{reason}"}}"#);
    text("403 Forbidden", &body)
}

fn sub_request(stand: &Stand, expired: &Expired) -> Result<Answer> {
    expired.begin(stand, "/api/time")?.read_answer()
}

fn assert_refused(answer: &Answer, expected: (u16, &str)) -> Result<()> {
    let refusal = Refusal::of_answer(answer)?;
    assert_eq!((refusal.status, refusal.reason.as_str()), expected);
    assert_eq!(set_cookies(answer), [] as [String; 0]);
    Ok(())
}

#[test]
fn b02_without_a_good_answer_a_request_gets_its_401_and_the_next_is_refreshed() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (clock, origin) = (scene.stand(), &expired.application.origin);
    let stand = &clock.stand;
    let failures = [
        ("no answer at all", Conduct::Send(Vec::new())),
        (
            "no HTTP",
            Conduct::Send(b"220 mail.example ESMTP\r\n".to_vec()),
        ),
        ("a body that breaks off", {
            Conduct::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n{\"token\":".to_vec())
        }),
        (
            "a captive portal",
            text("200 OK", "<html>Please pay</html>"),
        ),
        ("nothing of use", text("200 OK", "{}")),
        ("another refusal", text("403 Forbidden", "not from here")),
        ("an error", text("500 Internal Server Error", "{}")),
        ("busy", text("503 Service Unavailable", "{}")),
    ];
    for (number, (what, conduct)) in failures.into_iter().enumerate() {
        scene.relay.conduct(origin, conduct);
        let answer = sub_request(stand, &expired)?;
        println!("{what}: {}", answer.status);
        assert_refused(&answer, (401, "session_expired"))?;
        assert_eq!(scene.calls(&expired), number + 1, "{what}: asked once each");
    }

    scene.relay.conduct(origin, Conduct::Hold);
    let began = Instant::now();
    let answer = sub_request(stand, &expired)?;
    let took = began.elapsed();
    assert_refused(&answer, (401, "session_expired"))?;
    assert!(took >= TIMEOUT && took < TIMEOUT * 2, "took {took:?}");

    scene.relay.conduct(origin, Conduct::Relay);
    assert_renewed(&sub_request(stand, &expired)?);
    Ok(())
}

#[test]
fn b02_a_refusal_is_remembered_so_that_a_page_does_not_ask_without_end() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    scene
        .relay
        .conduct(&expired.application.origin, refused("session_ended"));
    // Everything on one connection, so at one worker.
    let mut connection = clock.stand.connect(&expired.application)?;
    let request = expired.sub_request("/api/time")?;
    for _ in 0..5 {
        assert_refused(&connection.send(&request)?, (401, "session_expired"))?;
    }
    assert_eq!(scene.calls(&expired), 1);

    // A navigation goes the other way, and comes back with a new session.
    let navigation = Request::navigation("/").with("cookie", expired.cookies()?);
    let answer = connection.send(&navigation.http1(expired.application.authority()))?;
    assert_eq!(answer.status, 302);
    assert_eq!(scene.calls(&expired), 1);
    Ok(())
}

#[test]
fn b02_who_is_no_longer_admitted_is_refused_inside_the_request() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    let name = &expired.application.name;
    let control = &clock.stand.deployment.control;
    control.command::<Value>(&["application", "set", name, "--allow-email", "x@example.com"])?;
    assert_refused(
        &sub_request(&clock.stand, &expired)?,
        (403, "policy_denied"),
    )
}

#[test]
fn b02_where_the_application_says_never_nobody_is_asked() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired_at(&ApplicationSettings {
        binding_cookie: true,
        options: &["--refresh-in-request", "never"],
        ..ApplicationSettings::default()
    })?;
    let answer = sub_request(&scene.stand().stand, &expired)?;
    assert_refused(&answer, (401, "session_expired"))?;
    assert_eq!(scene.calls(&expired), 0);
    Ok(())
}

/// A form that a person sends.
fn form_post(expired: &Expired, path: &str) -> Result<Request> {
    let mut request = expired
        .request("POST", path)?
        .with("sec-fetch-mode", "navigate")
        .with("sec-fetch-dest", "document")
        .with("sec-fetch-site", "same-origin")
        .with("content-type", "application/x-www-form-urlencoded");
    request.body = b"comment=an+hour+of+work".to_vec();
    Ok(request)
}

#[test]
fn b07_an_expired_form_post_reaches_the_application_once_as_a_post() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (clock, protocol) = (scene.stand(), Protocol::Http2);
    let path = clock.stand.unique_path();
    let request = form_post(&expired, &path)?;
    let answer = clock.stand.ask(&expired.application, protocol, &request)?;
    assert_renewed(&answer);
    let echo: Value = serde_json::from_slice(&answer.body)?;
    assert_eq!(
        (&echo["method"], &echo["body_length"]),
        (&"POST".into(), &23.into())
    );
    assert_eq!(clock.stand.reached_origin(&path), 1);
    Ok(())
}

#[test]
fn b07_a_form_post_that_cannot_be_refreshed_says_that_nothing_was_sent() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let clock = scene.stand();
    let path = clock.stand.unique_path();
    let request = form_post(&expired, &path)?;
    scene
        .relay
        .conduct(&expired.application.origin, refused("session_ended"));
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let answer = clock.stand.ask(&expired.application, protocol, &request)?;
        let page = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!((answer.status, answer.header("location")), (401, None));
        assert!(page.contains("Nothing was sent"), "{page}");
    }
    assert_eq!(clock.stand.reached_origin(&path), 0);
    Ok(())
}
