//! The login attempt in the query of `/login`. A filter writes the query, but it comes through the
//! browser, so all of it is checked.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use portcullis::protocol::audience::is_audience;
use portcullis::protocol::base64url;
use portcullis::protocol::login::{ATTEMPT_LIFETIME, FILTER_PREFIX, LOGIN_PATH, is_of_frame};
use portcullis::protocol::origin::Origin;
use portcullis::protocol::return_to::{self, Unfit};
use portcullis::time::UnixSeconds;

use super::super::page::failure::Failure;
use super::opener::POPUP;
use super::query::LoginQuery;
use crate::applications::Application;
use crate::problems::InputProblems;
use crate::service::Service;

const CHALLENGE_CHARACTERS: usize = 43;
const MAX_STATE_BYTES: usize = 256;
const PROMPT_NONE: &str = "none";
/// What is left of an attempt when it counts as over: enough for the way to the callback.
const WAY_BACK: Duration = Duration::from_secs(60);

/// A login attempt that an application's filter began.
pub struct LoginAttempt {
    /// The application.
    pub application: Application,
    /// The application's origin to which the user returns.
    pub origin: Origin,
    /// Where on it: a path and query.
    pub return_to: String,
    /// The filter's opaque state.
    pub state: String,
    /// The PKCE challenge (RFC 7636).
    pub challenge: String,
    /// Whether the user must not be prompted (OpenID Connect Core 1.0, section 3.1.2.1).
    pub is_silent: bool,
    /// When the form of this attempt was first shown.
    pub shown: UnixSeconds,
    /// Whether the user was going to an address that is too long to return to.
    pub is_too_long: bool,
    /// `popup` in a window that an application's frame opened.
    display: Option<String>,
}

impl LoginAttempt {
    /// Whether the browser may have forgotten this attempt, because its form was open for too long.
    pub fn is_over(&self, now: UnixSeconds) -> bool {
        now.duration_since(self.shown) + WAY_BACK >= ATTEMPT_LIFETIME
    }

    /// Where another attempt begins that leads to the same place.
    pub fn begin_again(&self) -> String {
        begin_again(&self.origin, &self.return_to)
    }

    /// A path of the sign-in that continues this attempt.
    pub fn to_path(&self, path: &str) -> String {
        self.query().to_path(path, self.shown)
    }

    /// The path that continues this attempt with another account.
    pub fn path_for_other_account(&self) -> String {
        format!("{}&other_account=true", self.to_path(LOGIN_PATH))
    }

    /// The query of this attempt, after all checks.
    pub fn query(&self) -> LoginQuery {
        LoginQuery {
            app: Some(self.application.audience.clone()),
            origin: Some(self.origin.to_string()),
            return_to: Some(self.return_to.clone()),
            state: Some(self.state.clone()),
            code_challenge: Some(self.challenge.clone()),
            display: self.display.clone(),
            shown: Some(self.shown.to_string()),
            ..LoginQuery::default()
        }
    }
}

/// The attempt; `None` for a sign-in on the team domain itself.
///
/// # Errors
/// [`Failure::BadLink`] with everything that is wrong.
pub async fn check(service: &Service, query: &LoginQuery) -> Result<Option<LoginAttempt>, Failure> {
    if query.is_plain() {
        return Ok(None);
    }
    let mut problems = InputProblems::default();
    let audience = query.app.as_deref().unwrap_or_default();
    let application = if is_audience(audience) {
        service.storage.application(audience).await?
    } else {
        None
    };
    if application.is_none() {
        problems.add(
            "app",
            audience,
            "is not the audience of an application here",
        );
    }
    let origin = origin(service, query, application.as_ref(), &mut problems).await?;
    let state = query.state.clone().unwrap_or_default();
    if !is_state(&state) {
        problems.add("state", "", "must be 1 to 256 visible ASCII characters");
    }
    // A window hands such a code to its opener, and the filter does not invalidate it.
    let has_frames = |one: &Application| one.definition.cookie.partitioned;
    if is_of_frame(&state) && !application.as_ref().is_some_and(has_frames) {
        let message = "is of a frame, but the application's cookies are not `partitioned`";
        problems.add("state", "", message);
    }
    let challenge = query.code_challenge.clone().unwrap_or_default();
    if !is_challenge(&challenge) {
        problems.add(
            "code_challenge",
            "",
            "must be a SHA-256 digest in base64url",
        );
    }
    let prompt = query.prompt.as_deref();
    if let Some(other) = prompt.filter(|prompt| *prompt != PROMPT_NONE) {
        problems.add("prompt", other, "must be `none` or absent");
    }
    problems.finish().map_err(|refused| Failure::BadLink {
        refused: Arc::new(refused),
        start_again: start_again(query, application.as_ref(), origin.as_ref()),
    })?;
    // Both are present if there is no problem.
    let (Some(application), Some(origin)) = (application, origin) else {
        return Err(Failure::NotFound);
    };
    let return_to = return_to::judge(query.return_to.as_deref().unwrap_or_default());
    Ok(Some(LoginAttempt {
        application,
        origin,
        is_too_long: matches!(return_to, Err(Unfit::TooLong)),
        return_to: return_to.unwrap_or(Cow::Borrowed("/")).into_owned(),
        state,
        challenge,
        is_silent: prompt.is_some(),
        shown: query.shown(service.now()),
        display: query.display.clone().filter(|display| display == POPUP),
    }))
}

/// The link that begins a good attempt where this one was to end: its target and its text.
fn start_again(
    query: &LoginQuery,
    application: Option<&Application>,
    origin: Option<&Origin>,
) -> Option<(String, String)> {
    let (application, origin) = application.zip(origin)?;
    let return_to = return_to::sanitize(query.return_to.as_deref().unwrap_or_default());
    Some((
        begin_again(origin, &return_to),
        format!("Sign in to {}", application.definition.name),
    ))
}

/// Where an attempt begins that leads to a path and query of an origin.
fn begin_again(origin: &Origin, return_to: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("return_to", return_to)
        .finish();
    format!("{origin}{FILTER_PREFIX}login?{query}")
}

async fn origin(
    service: &Service,
    query: &LoginQuery,
    application: Option<&Application>,
    problems: &mut InputProblems,
) -> Result<Option<Origin>, Failure> {
    let text = query.origin.as_deref().unwrap_or_default();
    let origin = match text.parse::<Origin>() {
        Ok(origin) => origin,
        Err(error) => {
            problems.add("origin", text, error);
            return Ok(None);
        }
    };
    let Some(application) = application else {
        return Ok(Some(origin));
    };
    let there = service
        .storage
        .applications_reached_at(&origin, &service.team_domain)
        .await?;
    if there.iter().any(|one| one.audience == application.audience) {
        return Ok(Some(origin));
    }
    problems.add("origin", text, "is not an origin of this application");
    Ok(None)
}

fn is_state(text: &str) -> bool {
    (1..=MAX_STATE_BYTES).contains(&text.len()) && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
}

fn is_challenge(text: &str) -> bool {
    text.len() == CHALLENGE_CHARACTERS && base64url::decode(text.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_and_challenge_have_one_shape() {
        assert!(is_state("0a1b2c3d.x-_~") && is_state(&"s".repeat(256)));
        for bad in ["", "a b", "a\r\nb", "\u{e9}", &"s".repeat(257)] {
            assert!(!is_state(bad), "{bad:?}");
        }
        assert!(is_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        for bad in [
            "",
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
            &"=".repeat(43),
        ] {
            assert!(!is_challenge(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_sign_in_of_the_team_domain_leads_nowhere_else() {
        let own_page = |return_to: &str| {
            let query = LoginQuery {
                return_to: Some(return_to.into()),
                ..LoginQuery::default()
            };
            assert!(query.is_plain());
            query.own_page().into_owned()
        };
        assert_eq!(own_page("/device?user_code=x"), "/device?user_code=x");
        for elsewhere in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
        ] {
            assert_eq!(own_page(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(LoginQuery::default().own_page(), "/");
    }

    /// Every spelling of up to four segments, judged by what a browser requests (WHATWG URL).
    #[test]
    fn no_place_that_is_kept_is_a_page_of_the_filter_to_a_browser() {
        let segments = [
            "",
            ".",
            "..",
            "%2e",
            ".%2E",
            "%2e%2e",
            "x",
            "..;",
            "%2F",
            "%5C",
            ".access",
            "%2eaccess",
        ];
        let mut paths = vec![String::new()];
        let (mut kept, mut refused) = (0, 0);
        for _ in 0..4 {
            let longer = |path: &String| segments.map(|segment| format!("{path}/{segment}"));
            paths = paths.iter().flat_map(longer).collect();
            for path in paths
                .iter()
                .flat_map(|path| [path.clone(), format!("{path}/logout")])
            {
                let Some(place) = return_to::checked(&path) else {
                    refused += 1;
                    continue;
                };
                kept += 1;
                let at = "https://wiki.example:8443";
                let browsers = reqwest::Url::parse(&format!("{at}{place}")).unwrap();
                assert_eq!(browsers.origin().ascii_serialization(), at, "{path}");
                let own = browsers.path().starts_with(FILTER_PREFIX);
                assert!(!own && !browsers.path().starts_with("//"), "{path}");
            }
        }
        assert!(kept > 1_000 && refused > 1_000, "{kept} {refused}");
    }

    #[test]
    fn the_path_repeats_the_query() {
        let (now, then) = (UnixSeconds::new(1_000), UnixSeconds::new(900));
        let plain = LoginQuery::default();
        assert_eq!(
            plain.to_path("/login", plain.shown(now)),
            "/login?shown=1000"
        );
        let query = LoginQuery {
            app: Some("a".into()),
            return_to: Some("/x?y=z&\"<".into()),
            shown: Some("900".into()),
            ..LoginQuery::default()
        };
        assert_eq!(query.shown(now), then);
        assert_eq!(
            query.to_path("/login", query.shown(now)),
            "/login?app=a&return_to=%2Fx%3Fy%3Dz%26%22%3C&shown=900"
        );
    }
}
