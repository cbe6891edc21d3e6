//! Wrong pairs, from every kind of client.

use anyhow::Result;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::service_tokens::{ServiceToken, application_for};
use portcullis_e2e::{Application, Stand, stand};

use super::admitted_everywhere;

type Header<'a> = (&'a str, &'a str);

/// What clients look like, from a plain script to one that poses as a browser.
fn looks(path: &str) -> [Request; 7] {
    [
        Request::new("GET", path),
        Request::new("GET", path).with("accept", "text/html,*/*;q=0.8"),
        Request::navigation(path),
        Request::new("GET", path)
            .with("sec-fetch-mode", "navigate")
            .with("sec-fetch-dest", "iframe")
            .with("sec-fetch-site", "cross-site"),
        Request::new("POST", path).with("accept", "text/html"),
        Request::new("GET", path)
            .with("hx-request", "true")
            .with("sec-fetch-mode", "cors"),
        Request::new("HEAD", path).with("accept", "text/html"),
    ]
}

/// Every answer is 401 with the same reason, leads nowhere and sets nothing.
fn refused(stand: &Stand, application: &Application, headers: &[Header<'_>]) -> Result<String> {
    let path = stand.unique_path();
    let mut reasons = Vec::new();
    for protocol in PROTOCOLS {
        for mut request in looks(&path) {
            for (name, value) in headers {
                request = request.with(name, value);
            }
            let answer = stand.ask(application, protocol, &request)?;
            assert_eq!(answer.status, 401, "{protocol}: {request:?}");
            for absent in ["location", "set-cookie", "hx-redirect"] {
                assert_eq!(answer.header(absent), None, "{protocol}: {request:?}");
            }
            if request.method != "HEAD" {
                let refusal = Refusal::of_answer(&answer)?;
                assert_eq!(refusal.login_url, None);
                reasons.push(refusal.reason);
            }
        }
    }
    assert_eq!(stand.reached_origin(&path), 0);
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{headers:?}: {reasons:?}");
    Ok(reasons.swap_remove(0))
}

#[test]
fn s19_a_typo_half_a_pair_and_two_of_one_are_malformed() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let mut typo = token.client_secret.clone();
    let other = if typo.contains("pcs_A") { "B" } else { "A" };
    typo.replace_range(4..5, other);
    let id = ("x-access-client-id", token.client_id.as_str());
    let of = |value| ("x-access-client-secret", value);
    let secret: &str = &token.client_secret;
    for headers in [
        &[id, of(&*typo)][..],
        &[id, of(&secret[..secret.len() - 1])],
        &[id],
        &[of(secret)],
        &[id, of("")],
        &[id, id, of(secret)],
        &[id, of(secret), of(secret)],
        &[("x-access-client-id", &*token.id), of(secret)],
        // Nor does anything help that comes with it.
        &[id, of(&*typo), ("x-access-token", secret)],
    ] {
        assert_eq!(refused(stand, &application, headers)?, "token_malformed");
    }
    Ok(())
}

#[test]
fn s19_the_secret_of_another_service_token_and_an_unknown_client_id_are_refused() -> Result<()> {
    let stand = stand()?;
    let (token, other) = (ServiceToken::make(stand)?, ServiceToken::make(stand)?);
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA.service";
    for (client_id, secret) in [
        (token.client_id.as_str(), other.client_secret.as_str()),
        (unknown, &token.client_secret),
    ] {
        let headers = [
            ("x-access-client-id", client_id),
            ("x-access-client-secret", secret),
        ];
        let reason = refused(stand, &application, &headers)?;
        assert_eq!(reason, "service_token_invalid");
    }
    Ok(())
}

#[test]
fn s19_a_secret_in_the_query_opens_nothing() -> Result<()> {
    let stand = stand()?;
    let token = ServiceToken::make(stand)?;
    let application = application_for(stand, &token)?;
    admitted_everywhere(stand, &application, &token)?;
    let path = stand.unique_path();
    let target = format!(
        "{path}?x-access-client-id={}&x-access-client-secret={}",
        token.client_id, token.client_secret
    );
    for protocol in PROTOCOLS {
        let answer = stand.ask(&application, protocol, &Request::sub_request(&target))?;
        assert_eq!(answer.status, 401);
        assert_eq!(Refusal::of_answer(&answer)?.reason, "no_session");
    }
    assert_eq!(stand.reached_origin(&path), 0);
    Ok(())
}
