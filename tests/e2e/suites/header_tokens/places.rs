//! Where a token for scripts is taken: in a header, at its own application, while that allows it.

use anyhow::Result;
use portcullis_demo::wait;
use portcullis_e2e::header_tokens::{self, line};
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::stand::REVOCATION_LIMIT;
use portcullis_e2e::tokens::TOKEN_COOKIE;
use portcullis_e2e::{Application, ApplicationSettings, Stand, stand};
use serde_json::Value;

/// What both workers say to a token, and that nothing reaches the origin.
fn reason(stand: &Stand, application: &Application, headers: &str) -> Result<String> {
    let path = stand.unique_path();
    let request = application.sub_request(&path, headers);
    let mut reasons = Vec::new();
    for answer in stand.workers.each(|worker| worker.send(&request))? {
        assert_eq!(answer.status, 401);
        reasons.push(Refusal::of_answer(&answer)?.reason);
    }
    assert_eq!(stand.reached_origin(&path), 0);
    assert_eq!(reasons[0], reasons[1]);
    Ok(reasons.swap_remove(0))
}

#[test]
fn s19_never_as_a_cookie() -> Result<()> {
    let stand = stand()?;
    let user = stand.user()?;
    for binding_cookie in [true, false] {
        let application = stand.application(&ApplicationSettings {
            binding_cookie,
            options: &["--header-tokens", "true"],
            ..ApplicationSettings::default()
        })?;
        let (_, token) = header_tokens::sign_in_and_make(stand, &user, &application)?;
        let cookie = format!("Cookie: {TOKEN_COOKIE}={token}\r\n");
        assert_eq!(reason(stand, &application, &cookie)?, "token_not_for_here");
        // A browser that has it as a cookie is sent to the login like any other.
        for protocol in PROTOCOLS {
            let cookie = format!("{TOKEN_COOKIE}={token}");
            let request = Request::navigation("/").with("cookie", cookie);
            let answer = stand.ask(&application, protocol, &request)?;
            assert_eq!(answer.status, 302, "over {protocol}");
        }
    }
    Ok(())
}

#[test]
fn s19_not_where_the_application_does_not_allow_it() -> Result<()> {
    let stand = stand()?;
    let application = header_tokens::application(stand)?;
    let (_, token) = header_tokens::sign_in_and_make(stand, &stand.user()?, &application)?;
    let request = application.sub_request("/api/time", &line(&token));
    let become_status = |status: u16| {
        wait::until("both workers to know the setting", REVOCATION_LIMIT, || {
            let answers = stand.workers.each(|worker| worker.send(&request))?;
            Ok(answers
                .iter()
                .all(|answer| answer.status == status)
                .then_some(()))
        })
    };
    let allow = |allowed: &str| {
        let arguments = [
            "application",
            "set",
            &application.name,
            "--header-tokens",
            allowed,
        ];
        stand.deployment.control.command::<Value>(&arguments)
    };
    become_status(200)?;
    allow("false")?;
    become_status(401)?;
    for headers in [line(&token), format!("authorization: Bearer {token}\r\n")] {
        assert_eq!(reason(stand, &application, &headers)?, "no_session");
        let page = format!("{headers}Accept: text/html\r\n");
        assert_eq!(reason(stand, &application, &page)?, "no_session");
    }
    allow("true")?;
    become_status(200)
}

#[test]
fn s19_a_token_opens_its_own_application_only() -> Result<()> {
    let stand = stand()?;
    let (one, other) = (
        header_tokens::application(stand)?,
        header_tokens::application(stand)?,
    );
    let (_, token) = header_tokens::sign_in_and_make(stand, &stand.user()?, &one)?;
    assert_eq!(reason(stand, &other, &line(&token))?, "token_not_for_here");
    Ok(())
}
