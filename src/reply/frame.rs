//! Documents of a login without a prompt, in a hidden frame of the application's own page: they
//! show nothing, and send one message to the surrounding page.
//!
//! Only pages of the same origin may embed them, and the message goes to that origin only. It
//! carries one word and no secret.

use super::Reply;
use super::markup::{escape, hash_source};

/// How a login without a prompt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// There is a session now.
    SignedIn,
    /// There is none, and the user has to sign in.
    LoginRequired,
    /// Nobody knows: the control service gave no answer. The login may be tried again.
    Unavailable,
}

impl Outcome {
    /// Its word for pages. Those for errors are of OAuth 2.0 and OpenID Connect (RFC 6749, section
    /// 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
    fn word(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::LoginRequired => "login_required",
            Self::Unavailable => "temporarily_unavailable",
        }
    }
}

/// Sends the word to the surrounding page.
const TELL: &str = "\
const{to,word}=document.currentScript.dataset;parent.postMessage({portcullis:word},to)";

/// Relays the message of the frame inside, if it is of this origin. A frame that loads and says
/// nothing shows an error: the team domain itself always leads back to this origin.
const RELAY: &str = "\
const{to}=document.currentScript.dataset,inner=document.querySelector('iframe');\
let said;const say=d=>{said||parent.postMessage(d,to);said=1};\
addEventListener('message',e=>{\
if(e.source===inner.contentWindow&&e.origin===to)say(e.data)});\
inner.onload=()=>setTimeout(say,400,{portcullis:'temporarily_unavailable'})";

/// A document with the team domain's login in a frame. It relays the outcome to the surrounding
/// page.
#[must_use]
pub fn embedding(location: &str, team_domain: &str, origin: &str) -> Reply {
    let (location, to) = (escape(location), escape(origin));
    let body =
        format!("<iframe src=\"{location}\"></iframe><script data-to=\"{to}\">{RELAY}</script>");
    let policy = format!("frame-src {team_domain} {origin}; ");
    document(200, "silent_login", &body, RELAY, &policy)
}

/// A document that replaces a reply, with its status, reason and cookies, and reports the outcome.
#[must_use]
pub fn telling(outcome: Outcome, reply: &Reply, origin: &str) -> Reply {
    let word = outcome.word();
    let to = escape(origin);
    let body = format!("<script data-to=\"{to}\" data-word=\"{word}\">{TELL}</script>");
    // With a redirect the script would not run.
    let status = if reply.status < 400 {
        200
    } else {
        reply.status
    };
    let mut document = document(status, reply.reason, &body, TELL, "");
    let kept = |(name, _): &&(&str, String)| matches!(*name, "set-cookie" | "retry-after");
    document
        .headers
        .extend(reply.headers.iter().filter(kept).cloned());
    document
}

/// A document that runs one script. `more_policy` is added to its policy.
fn document(
    status: u16,
    reason: &'static str,
    body: &str,
    script: &str,
    more_policy: &str,
) -> Reply {
    let policy = format!(
        "default-src 'none'; script-src {}; {more_policy}base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'",
        hash_source(script)
    );
    let mut reply = Reply::empty(status, reason)
        .with("content-type", "text/html; charset=utf-8".to_owned())
        .with("content-security-policy", policy)
        .with("referrer-policy", "no-referrer".to_owned())
        .with("x-content-type-options", "nosniff".to_owned())
        .with("x-robots-tag", "noindex".to_owned());
    reply.body = format!("<!doctype html><title>Sign-in</title><body>{body}");
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://wiki.example:8443";

    fn header<'a>(reply: &'a Reply, name: &str) -> &'a str {
        let mut found = reply.headers.iter().filter(|(other, _)| *other == name);
        &found.next().unwrap().1
    }

    #[test]
    fn the_message_replaces_what_the_reply_would_show() {
        let redirect = Reply::redirect("signed_in", "https://wiki.example/".into())
            .with("set-cookie", "a=b".into());
        let told = telling(Outcome::SignedIn, &redirect, ORIGIN);
        assert_eq!((told.status, told.reason), (200, "signed_in"));
        assert_eq!(header(&told, "set-cookie"), "a=b");
        assert!(told.headers.iter().all(|(name, _)| *name != "location"));
        assert!(
            told.body
                .contains("data-to=\"https://wiki.example:8443\" data-word=\"signed_in\"")
        );

        let away = Reply::empty(503, "control_unavailable").with("retry-after", "2".into());
        let told = telling(Outcome::Unavailable, &away, ORIGIN);
        assert_eq!((told.status, told.reason), (503, "control_unavailable"));
        assert_eq!(header(&told, "retry-after"), "2");
        assert!(told.body.contains("data-word=\"temporarily_unavailable\""));
    }

    #[test]
    fn only_its_own_origin_may_frame_it_and_only_its_own_script_runs() {
        let team = "https://team.example";
        let embedding = embedding("https://team.example/login?a=\"b&c", team, ORIGIN);
        assert!(
            embedding
                .body
                .contains("src=\"https://team.example/login?a=&quot;b&amp;c\"")
        );
        let told = telling(Outcome::SignedIn, &Reply::empty(200, "signed_in"), ORIGIN);
        for (reply, script) in [(&embedding, RELAY), (&told, TELL)] {
            let policy = header(reply, "content-security-policy");
            assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
            assert!(policy.contains(&hash_source(script)), "{policy}");
            assert!(policy.ends_with("form-action 'none'; frame-ancestors 'self'"));
            assert_eq!(header(reply, "cache-control"), "no-store");
            assert_eq!(header(reply, "referrer-policy"), "no-referrer");
            assert_eq!(header(reply, "x-robots-tag"), "noindex");
        }
        let policy = header(&embedding, "content-security-policy");
        assert!(policy.contains("frame-src https://team.example https://wiki.example:8443;"));
        assert!(!header(&told, "content-security-policy").contains("frame-src"));
    }
}
