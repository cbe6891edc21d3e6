//! Wrong tokens, from every kind of client.

use anyhow::Result;
use portcullis::protocol::base64url;
use portcullis_e2e::header_tokens;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::table::Table;
use portcullis_e2e::tokens;
use portcullis_e2e::{Application, Stand, stand};
use serde_json::Value;

/// What clients send beside the token, from a plain script to one that poses as a browser.
fn looks(path: &str) -> Vec<(&'static str, Request)> {
    vec![
        ("a script", Request::new("GET", path)),
        ("curl", Request::new("GET", path).with("accept", "*/*")),
        (
            "asks for a page",
            Request::new("GET", path).with("accept", "text/html,*/*;q=0.8"),
        ),
        ("a navigation", Request::navigation(path)),
        (
            "a frame",
            Request::new("GET", path)
                .with("sec-fetch-mode", "navigate")
                .with("sec-fetch-dest", "iframe")
                .with("sec-fetch-site", "cross-site"),
        ),
        (
            "a form",
            Request::new("POST", path).with("accept", "text/html"),
        ),
        (
            "HEAD of a page",
            Request::new("HEAD", path).with("accept", "text/html"),
        ),
    ]
}

/// Every answer to a token is 401 with the same reason, leads nowhere and sets nothing.
fn refused(
    stand: &Stand,
    application: &Application,
    (name, value): (&str, &str),
) -> Result<String> {
    let path = stand.unique_path();
    let mut reasons = Vec::new();
    for (look, request) in looks(&path) {
        for protocol in PROTOCOLS {
            let request = request.clone().with(name, value);
            let answer = stand.ask(application, protocol, &request)?;
            assert_eq!(
                answer.status, 401,
                "{look} over {protocol}: {name}: {value}"
            );
            for absent in ["location", "set-cookie"] {
                assert_eq!(answer.header(absent), None, "{look} over {protocol}");
            }
            if request.method != "HEAD" {
                reasons.push(Refusal::of_answer(&answer)?.reason);
            }
        }
    }
    assert_eq!(stand.reached_origin(&path), 0);
    reasons.dedup();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    Ok(reasons.swap_remove(0))
}

/// What can be made of good tokens: what it is, the token, and the reason in `x-access-token` and
/// as a Bearer token.
type Wrong = (&'static str, String, &'static str, &'static str);

/// Tokens that a script may hold by mistake or malice.
struct Held {
    /// Of the application.
    good: String,
    /// Of another one.
    of_other: String,
    /// Of a browser that is signed in to the application.
    of_browser: String,
    /// Of the team domain.
    global: String,
}

impl Held {
    #[rustfmt::skip] // One row a line.
    fn wrong(self) -> Result<Vec<Wrong>> {
        let (signed, signature) = self.good.rsplit_once('.').unwrap_or_default();
        let others_signature = self.of_other.rsplit_once('.').unwrap_or_default().1;
        let half_a_head = signed.get(..20).unwrap_or_default().to_owned();
        let (mut header, claims) = tokens::unverified(&self.good)?;
        header["alg"] = "none".into();
        let encode = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let unsigned = format!("{}.{}.", encode(&header), encode(&claims));
        let foreign_signature = format!("{signed}.{others_signature}");
        let fourth_part = format!("{}.{signature}", self.good);
        Ok(vec![
            // Of what does not say to be ours a Bearer token counts as none.
            ("nothing", String::new(), "token_malformed", "no_session"),
            ("a word", "x".to_owned(), "token_malformed", "no_session"),
            ("half a head", half_a_head, "token_malformed", "no_session"),
            ("a global session's", self.global, "token_not_for_here", "no_session"),
            ("without signature", signed.to_owned(), "token_malformed", "token_malformed"),
            ("unsigned", unsigned, "token_malformed", "token_malformed"),
            ("with a fourth part", fourth_part, "token_malformed", "token_malformed"),
            ("with another's signature", foreign_signature, "signature_invalid", "signature_invalid"),
            ("another application's", self.of_other, "token_not_for_here", "token_not_for_here"),
            ("a browser's, unbound", self.of_browser, "binding_missing", "binding_missing"),
        ])
    }
}

#[test]
fn s19_wrong_tokens_get_401_never_a_redirect() -> Result<()> {
    let stand = stand()?;
    let application = header_tokens::application(stand)?;
    let other = header_tokens::application(stand)?;
    let user = stand.user()?;
    let (mut browser, good) = header_tokens::sign_in_and_make(stand, &user, &application)?;
    let held = Held {
        good,
        of_other: header_tokens::make(stand, &mut browser, &other)?,
        of_browser: tokens::token(&browser, &application)?.value.clone(),
        global: tokens::session(&browser)?.value.clone(),
    };
    let columns = ["token", "x-access-token", "Bearer"];
    let mut table = Table::new("wrong-header-tokens", &columns);
    for (what, token, in_own, in_bearer) in held.wrong()? {
        let bearer = format!("Bearer {token}");
        let own = refused(stand, &application, ("x-access-token", &token))?;
        let bearer = refused(stand, &application, ("authorization", &bearer))?;
        assert_eq!(
            (own.as_str(), bearer.as_str()),
            (in_own, in_bearer),
            "{what}"
        );
        table.row(&[what, &own, &bearer]);
    }
    table.print()
}
