//! CORS preflights, which carry no session, in an application's three settings.

use anyhow::Result;
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};

const LISTED: &str = "https://spa.example.com";

fn application(stand: &Stand, setting: &str) -> Result<Application> {
    stand.application(&ApplicationSettings {
        options: &[
            "--preflight",
            setting,
            "--cors-origin",
            LISTED,
            "https://other.example.com",
        ],
        ..ApplicationSettings::default()
    })
}

fn preflight(path: &str, origin: &str) -> Request {
    Request::new("OPTIONS", path)
        .with("origin", origin)
        .with("access-control-request-method", "PUT")
        .with("access-control-request-headers", "content-type,x-custom")
}

fn is_denied(answer: &Answer) {
    assert_eq!((answer.status, answer.body.len()), (403, 0));
    let allowing = |(name, _): &&(String, Vec<u8>)| name.starts_with("access-control");
    assert_eq!(answer.headers.iter().find(allowing), None);
}

#[test]
fn denied_by_default_and_by_choice() -> Result<()> {
    let stand = stand()?;
    let default = stand.application(&ApplicationSettings::default())?;
    for application in [&default, &application(stand, "deny")?] {
        let path = stand.unique_path();
        for protocol in PROTOCOLS {
            is_denied(&stand.ask(application, protocol, &preflight(&path, LISTED))?);
        }
        assert_eq!(stand.reached_origin(&path), 0);
    }
    Ok(())
}

#[test]
fn answered_for_listed_origins_alone() -> Result<()> {
    let stand = stand()?;
    let application = application(stand, "answer")?;
    let path = stand.unique_path();
    for protocol in PROTOCOLS {
        let answer = stand.ask(&application, protocol, &preflight(&path, LISTED))?;
        assert_eq!((answer.status, answer.body.len()), (204, 0));
        for (name, value) in [
            ("access-control-allow-origin", LISTED),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-methods", "PUT"),
            ("access-control-allow-headers", "content-type,x-custom"),
            ("vary", "Origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name} over {protocol}");
        }
        for other in [
            "https://evil.example",
            "null",
            "https://spa.example.com.evil.example",
            "https://spa.example.com:8443",
            "http://spa.example.com",
            "HTTPS://SPA.EXAMPLE.COM",
        ] {
            is_denied(&stand.ask(&application, protocol, &preflight(&path, other))?);
        }
        let twice = preflight(&path, LISTED).with("origin", "https://evil.example");
        is_denied(&stand.ask(&application, protocol, &twice)?);
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}

#[test]
fn to_the_origin_without_anything_that_could_act() -> Result<()> {
    let stand = stand()?;
    let application = application(stand, "origin")?;
    for protocol in PROTOCOLS {
        let request = preflight("/api/echo", "https://anybody.example")
            .with("cookie", format!("a=1; {TOKEN_COOKIE}=x"))
            .with("x-access-user-email", "evil@example.com")
            .with("x-http-method-override", "DELETE")
            .with("x-http-method", "DELETE")
            .with("x-method-override", "DELETE");
        let answer = stand.ask(&application, protocol, &request)?;
        assert_eq!(answer.status, 200, "{protocol}");
        let echo: Echo = serde_json::from_slice(&answer.body)?;
        assert_eq!((echo.method.as_str(), echo.body_length), ("OPTIONS", 0));
        assert_eq!(echo.value("cookie"), Some("a=1"));
        let received = serde_json::to_string(&echo)?;
        for gone in ["x-access", "evil", "override", "x-http-method", "DELETE"] {
            assert!(!received.contains(gone), "{gone} in {received}");
        }
        assert_eq!(echo.value("access-control-request-method"), Some("PUT"));
    }
    Ok(())
}

#[test]
fn with_a_body_or_another_spelling_it_does_not_reach_the_origin() -> Result<()> {
    let stand = stand()?;
    let application = application(stand, "origin")?;
    let path = stand.unique_path();
    for protocol in PROTOCOLS {
        let body = Request {
            body: b"{}".to_vec(),
            ..preflight(&path, LISTED)
        };
        let answer = stand.ask(&application, protocol, &body)?;
        assert_eq!(answer.status, 403, "with a body over {protocol}");
        // No preflight, so a sub-request without session.
        let bare = Request::new("OPTIONS", &path).with("origin", LISTED);
        assert_eq!(stand.ask(&application, protocol, &bare)?.status, 401);
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
