//! What the control service may answer, or fail to, and what those who wait then get.

use std::time::{Duration, Instant};

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::connection::{Answer, Connection};
use portcullis_e2e::refresh_relay::Conduct;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{Protocol, Request};
use portcullis_e2e::{ApplicationSettings, Stand};
use serde_json::Value;

use super::scene::{Expired, TIMEOUT, assert_renewed, scene, set_cookies};

/// How long a call in vain is remembered at least.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Until a call in vain is forgotten, on a busy machine.
const CALL_LIMIT: Duration = Duration::from_secs(20);

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
fn b02_without_an_answer_a_request_gets_503_and_a_later_one_is_refreshed() -> Result<()> {
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
        (
            "a server's page",
            text("500 Internal Server Error", "<html>Sorry</html>"),
        ),
        ("busy", text("503 Service Unavailable", "{}")),
    ];
    // Everything on one connection, so at one worker.
    let mut connection = stand.connect(&expired.application)?;
    let request = expired.sub_request("/api/time")?;
    for (number, (what, conduct)) in failures.into_iter().enumerate() {
        scene.relay.conduct(origin, conduct);
        let answer = asked(&expired, &mut connection, &request)?;
        println!("{what}: {}", answer.status);
        assert_unavailable(&answer)?;
        // Forty images of the page that got it, or as many as come while it is remembered.
        let began = Instant::now();
        for _ in (0..40).take_while(|_| began.elapsed() < REMEMBERED / 2) {
            assert_unavailable(&connection.send(&request)?)?;
        }
        assert_eq!(scene.calls(&expired), number + 1, "{what}: asked once each");
    }

    scene.relay.conduct(origin, Conduct::Hold);
    let began = Instant::now();
    assert_unavailable(&asked(&expired, &mut connection, &request)?)?;
    let took = began.elapsed();
    assert!(took >= TIMEOUT, "took {took:?}");

    scene.relay.conduct(origin, Conduct::Relay);
    assert_renewed(&asked(&expired, &mut connection, &request)?);
    Ok(())
}

/// What a request gets for which the control service is asked: not before the last call in vain is
/// forgotten.
fn asked(expired: &Expired, connection: &mut Connection, request: &[u8]) -> Result<Answer> {
    let scene = scene()?;
    let before = scene.calls(expired);
    wait::until("a call to the control service", CALL_LIMIT, || {
        let answer = connection.send(request)?;
        Ok((scene.calls(expired) > before).then_some(answer))
    })
}

fn assert_unavailable(answer: &Answer) -> Result<()> {
    assert_refused(answer, (503, "control_unavailable"))?;
    assert_eq!(answer.header("retry-after"), Some("3"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    Ok(())
}

#[test]
fn b02_while_the_control_service_hangs_every_kind_of_request_is_kept() -> Result<()> {
    let scene = scene()?;
    let expired = scene.expired()?;
    let (clock, origin) = (scene.stand(), &expired.application.origin);
    let stand = &clock.stand;
    let path = stand.unique_path();
    scene.relay.conduct(origin, Conduct::Hold);
    let page = expired.request("GET", &path)?;
    let page = page
        .with("sec-fetch-mode", "navigate")
        .with("sec-fetch-dest", "document");
    let websocket = expired.request("GET", &path)?;
    let websocket = websocket
        .with("upgrade", "websocket")
        .with("connection", "upgrade");
    let grpc = expired.request("POST", &path)?;
    let grpc = grpc.with("content-type", "application/grpc");
    let identity = expired.request("GET", "/.access/identity")?;
    let rows = [
        (Protocol::Http1, &page, "tries again by itself"),
        (Protocol::Http2, &page, "tries again by itself"),
        (Protocol::Http2, &form_post(&expired, &path)?, "is not lost"),
        (Protocol::Http1, &websocket, ""),
        (Protocol::Http2, &identity, "\"control_unavailable\""),
    ];
    for (protocol, request, words) in rows {
        let answer = stand.ask(&expired.application, protocol, request)?;
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 503, "{body}");
        assert!(body.contains(words), "{body}");
        assert_eq!(answer.header("location"), None);
        assert_eq!(set_cookies(&answer), [] as [String; 0]);
        if !words.is_empty() {
            assert_eq!(answer.header("retry-after"), Some("3"));
        }
    }
    let answer = stand.ask(&expired.application, Protocol::Http2, &grpc)?;
    assert_eq!(
        (answer.status, answer.header("grpc-status")),
        (200, Some("14"))
    );
    assert_eq!(stand.reached_origin(&path), 0);
    scene.relay.conduct(origin, Conduct::Relay);
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
