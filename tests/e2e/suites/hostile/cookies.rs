//! Cookie lines that no browser sends, or only one that another host has set cookies in. Each is
//! sent to a guarded path, which shows the verdict, and to one that needs no session, which shows
//! what the origin sees.

use anyhow::{Context, Result};
use portcullis_demo::origin::echo::Echo;
use portcullis_e2e::connection::Answer;
use portcullis_e2e::refusal::Refusal;
use portcullis_e2e::request::{PROTOCOLS, Request};
use portcullis_e2e::table::{Table, shown};
use portcullis_e2e::tokens;
use portcullis_e2e::unharmed::Vms;
use portcullis_e2e::{ApplicationSettings, stand};

use super::jar::of_others;

/// What is sent, as lines of HTTP/1.1 or crumbs of HTTP/2; `@T` and `@B` are the token and the
/// binding secret, `@F` is a forged token, `@G` one whose signature is forged. Then what comes of it.
#[rustfmt::skip] // One row a line.
const ROWS: [(&str, &[&str], &str); 46] = [
    ("both", &["__Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("without spaces", &["a=1;__Host-access_token=@T;b=2;__Host-access_binding=@B;c=3"], "admitted"),
    ("with spaces", &["a=1;  __Host-access_token = @T ; __Host-access_binding\t=\t@B; b=2"], "admitted"),
    ("with tabs", &["\t__Host-access_token=@T;\t__Host-access_binding=@B"], "admitted"),
    ("on two lines", &["__Host-access_token=@T", "__Host-access_binding=@B"], "admitted"),
    ("on two lines among others", &["a=1; __Host-access_token=@T; b=2", "c=3; __Host-access_binding=@B; d=4"], "admitted"),
    ("on many lines", &["a=1", "__Host-access_token=@T", "b=2", "__Host-access_binding=@B", "c=3"], "admitted"),
    ("an empty line too", &["", "__Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("no cookie at all", &[], "no_session"),
    ("an empty line", &[""], "no_session"),
    ("separators alone", &[";; ; ;"], "no_session"),
    ("the token alone", &["__Host-access_token=@T"], "binding_missing"),
    ("the binding alone", &["__Host-access_binding=@B"], "no_session"),
    ("forged, then genuine", &["__Host-access_token=@F; __Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("genuine, then forged", &["__Host-access_token=@T; __Host-access_token=@F; __Host-access_binding=@B"], "admitted"),
    ("the third is genuine", &["__Host-access_token=@F; __Host-access_token=x; __Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("the fourth is", &["__Host-access_token=x; __Host-access_token=y; __Host-access_token=z; __Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("the same twice", &["__Host-access_token=@T; __Host-access_token=@T; __Host-access_binding=@B"], "admitted"),
    ("two bindings, the second is right", &["__Host-access_token=@T; __Host-access_binding=x; __Host-access_binding=@B"], "admitted"),
    ("two bindings on two lines", &["__Host-access_token=@T; __Host-access_binding=x", "__Host-access_binding=@B"], "admitted"),
    ("the fourth binding is right", &["__Host-access_token=@T; __Host-access_binding=x; __Host-access_binding=y; __Host-access_binding=z; __Host-access_binding=@B"], "admitted"),
    ("an empty binding", &["__Host-access_token=@T; __Host-access_binding="], "binding_mismatch"),
    ("a binding cut short", &["__Host-access_token=@T; __Host-access_binding=AAAA"], "binding_mismatch"),
    ("the binding padded", &["__Host-access_token=@T; __Host-access_binding=@B="], "binding_mismatch"),
    ("the token as binding", &["__Host-access_token=@T; __Host-access_binding=@T"], "binding_mismatch"),
    ("the binding in quotes", &["__Host-access_token=@T; __Host-access_binding=\"@B\""], "binding_mismatch"),
    ("the token in quotes", &["__Host-access_token=\"@T\"; __Host-access_binding=@B"], "token_malformed"),
    ("a quote before it", &["a=\"; __Host-access_token=@T; __Host-access_binding=@B; b=\""], "admitted"),
    ("a space of Unicode before the name", &["\u{2000}__Host-access_token=@T; __Host-access_binding=@B"], "no_session"),
    ("a space that does not break", &["a=1; \u{a0}__Host-access_token=@T; __Host-access_binding=@B"], "no_session"),
    ("an ideographic space", &["\u{3000}__Host-access_token=@T", "__Host-access_binding=@B"], "no_session"),
    ("a byte order mark", &["\u{feff}__Host-access_token=@T; __Host-access_binding=@B"], "no_session"),
    ("a space of Unicode after the name", &["__Host-access_token\u{2003}=@T; __Host-access_binding=@B"], "no_session"),
    ("a space of Unicode before the binding", &["__Host-access_token=@T; \u{2028}__Host-access_binding=@B"], "binding_missing"),
    ("another case", &["__host-access_token=@T; __HOST-ACCESS_BINDING=@B"], "no_session"),
    ("no name", &["=__Host-access_token=@T; __Host-access_binding=@B"], "no_session"),
    ("nothing but a value", &["@T; @B"], "no_session"),
    ("no value", &["__Host-access_token; __Host-access_binding"], "token_malformed"),
    ("with commas", &["a=1, __Host-access_token=@T, __Host-access_binding=@B"], "no_session"),
    ("as RFC 2965 had it", &["$Version=1; __Host-access_token=@T; $Path=/; __Host-access_binding=@B"], "admitted"),
    ("names that begin alike", &["__Host-access_tokens=1; __Host-access_token=@T; __Host-access_bindings=2; __Host-access_binding=@B; __Host-access=3"], "admitted"),
    ("names of other places", &["__Host-access_token_0123456789abcdef=x; __Host-access_binding_0=y; __Host-access_session=z; __Host-access_signin=s; __Host-access_login_01020304=l; __Host-access_returns=1; __Host-access_token=@T; __Host-access_binding=@B; a=1"], "admitted"),
    ("the token under the name of another place", &["__Host-access_token_0123456789abcdef=@T; __Host-access_binding=@B"], "no_session"),
    ("odd cookies of others", &["a==b; =c; d; e=\"f; g=h\"; __Host-access_token=@T; i=%3B%20; __Host-access_binding=@B; j={k:[l]}; m=,"], "admitted"),
    ("escapes in the name", &["__Host%2Daccess_token=@T; __Host-access_binding=@B"], "no_session"),
    ("bytes that are no text", &["a=@X; __Host-access_token=@T; b\u{e9}=\u{1f36a}; __Host-access_binding=@B; c=@X@X"], "admitted"),
];

fn filled(line: &str, token: &str, binding: &str) -> Vec<u8> {
    let forged = token.replacen("ey", "ez", 1);
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let signature_forged = format!("{signed}.{}", "A".repeat(85) + "Q");
    let text = line
        .replace("@T", token)
        .replace("@B", binding)
        .replace("@F", &forged)
        .replace("@G", &signature_forged);
    // After the text, since these bytes are in none.
    let mut parts = text.split("@X");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.extend(b"\xff\x80\xc0");
        bytes.extend(part.as_bytes());
    }
    bytes
}

fn verdict(answer: &Answer) -> Result<String> {
    if answer.status == 200 {
        return Ok("admitted".to_owned());
    }
    Ok(Refusal::of_answer(answer)?.reason)
}

/// The cookies of others that the origin received.
fn received(answer: &Answer) -> Result<Vec<Vec<u8>>> {
    let echo: Echo = serde_json::from_slice(&answer.body).context("no echo")?;
    let bytes = |line: &&str| line.chars().filter_map(|c| u8::try_from(c).ok()).collect();
    let lines: Vec<Vec<u8>> = echo.values("cookie").iter().map(bytes).collect();
    Ok(lines.iter().flat_map(|line| split(line)).collect())
}

/// Unlike [`of_others`], with everything that is there: nothing of ours may be.
fn split(line: &[u8]) -> Vec<Vec<u8>> {
    let cookies = line.split(|byte| *byte == b';');
    cookies
        .map(|cookie| cookie.strip_prefix(b" ").unwrap_or(cookie).to_vec())
        .filter(|cookie| !cookie.is_empty())
        .collect()
}

#[test]
fn odd_cookies_open_nothing_and_those_of_others_arrive_byte_for_byte() -> Result<()> {
    let stand = stand()?;
    let vms = Vms::of(&stand.deployment.envoy)?;
    let application = stand.application(&ApplicationSettings {
        binding_cookie: true,
        options: &["--bypass", "/api/echo/open/*"],
        ..ApplicationSettings::default()
    })?;
    let browser = stand.sign_in(&stand.user()?, &application)?;
    let token = &tokens::token(&browser, &application)?.value;
    let binding = &tokens::binding(&browser, &application)?.value;
    let mut table = Table::new("cookies", &["what", "sent", "verdict", "the origin sees"]);
    let mut wrong = Vec::new();
    let many: Vec<String> = (0..100).map(|n| format!("c{n}=\"{n}\"")).collect();
    let many = format!(
        "{}; __Host-access_token=@T; {}; __Host-access_binding=@B",
        many[..50].join("; "),
        many[50..].join("; ")
    );
    let a_hundred = [many.as_str()];
    let fifty_false = format!(
        "{}__Host-access_token=@T; __Host-access_binding=@B",
        "__Host-access_token=@G; __Host-access_binding=x; ".repeat(50)
    );
    let fifty_false = [fifty_false.as_str()];
    let rows = ROWS.into_iter().chain([
        ("a hundred of others", &a_hundred[..], "admitted"),
        ("fifty false ones first", &fifty_false[..], "admitted"),
    ]);
    for (what, lines, expected) in rows {
        let sent: Vec<Vec<u8>> = lines
            .iter()
            .map(|line| filled(line, token, binding))
            .collect();
        let others = of_others(&sent);
        for protocol in PROTOCOLS {
            let request = |path| {
                let request = Request::sub_request(path);
                sent.iter()
                    .fold(request, |request, line| request.with("cookie", line))
            };
            let guarded = stand.ask(&application, protocol, &request("/api/echo"))?;
            let open = stand.ask(&application, protocol, &request("/api/echo/open/x"))?;
            let verdict = verdict(&guarded).with_context(|| what.to_owned())?;
            let mut seen = vec![received(&open).with_context(|| what.to_owned())?];
            if guarded.status == 200 {
                seen.push(received(&guarded)?);
            }
            if verdict != expected || seen.iter().any(|seen| *seen != others) {
                wrong.push(format!(
                    "{what} over {protocol}: {verdict}, origin saw {seen:?}"
                ));
            }
            let what = format!("{what}, {protocol}");
            table.row(&[
                &what,
                &lines.join(" ⏎ "),
                &verdict,
                &shown(&seen[0].join(&b"; "[..])),
            ]);
        }
    }
    table.print()?;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    vms.ensure_same()
}
