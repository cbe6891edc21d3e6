//! Filled templates as responses.

use askama::Template;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use portcullis::time::UnixSeconds;

use super::csrf::FormGuard;
use super::failure::Failure;
use super::time::clock;
use crate::audit::source::reference;

/// A page with a message, and with what helps.
#[derive(Template, Default, Clone)]
#[template(path = "message.html")]
pub struct Message {
    /// Whether the service runs as a demo, which every page says.
    pub demo: bool,
    /// The title.
    pub title: String,
    /// The text.
    pub paragraphs: Vec<String>,
    /// When the link helps, if not at once.
    pub wait: Option<Wait>,
    /// A button that signs out.
    pub sign_out: Option<SignOut>,
    /// A link: its target and its text. It is the page's button, unless that signs out.
    pub link: Option<(String, String)>,
    /// Another link.
    pub second: Option<(String, String)>,
    /// A word for the administrator to whom a user reports what the page said.
    pub reason: Option<String>,
    /// What the audit log finds the request by. [`refer`] sets it.
    pub reference: Option<String>,
}

impl Message {
    /// The page as a refusal, which says by which reference it is found again.
    ///
    /// # Errors
    /// When the page cannot be made.
    pub fn refuse(self, status: StatusCode) -> Result<Response, Failure> {
        let mut response = render(status, &self)?;
        response.extensions_mut().insert(Refusal(Box::new(self)));
        Ok(response)
    }
}

/// The page of a refusal, as it is without its reference.
#[derive(Clone)]
struct Refusal(Box<Message>);

/// Writes the reference of the request onto the page with which it is refused.
pub async fn refer(request: Request, next: Next) -> Response {
    let reference = reference(request.headers());
    let mut response = next.run(request).await;
    let refusal = response.extensions_mut().remove::<Refusal>();
    if let (Some(reference), Some(Refusal(mut message))) = (reference, refusal) {
        message.reference = Some(reference);
        if let Ok(page) = message.render() {
            *response.body_mut() = Body::from(page);
        }
    }
    response
}

/// A form that signs out.
#[derive(Clone)]
pub struct SignOut {
    /// The token of [`super::csrf`].
    pub csrf_token: String,
    /// The query of `/logout`: empty, or `?` and what says where the user came from.
    pub query: String,
    /// The name of the provider at which the user may sign out, too.
    pub provider: Option<String>,
}

/// A moment before which another try is of no use.
#[derive(Clone)]
pub struct Wait {
    /// Seconds until then.
    seconds: u64,
    /// Its time of day.
    clock: String,
    /// Whether the page then loads again by itself.
    automatic: bool,
}

impl Wait {
    /// A page that loads again by itself: first after so many seconds, then ever more rarely.
    pub fn automatic(seconds: u64) -> Self {
        Self {
            seconds,
            clock: String::new(),
            automatic: true,
        }
    }

    /// So many seconds from now.
    pub fn from(now: UnixSeconds, seconds: u64) -> Self {
        Self {
            seconds,
            clock: clock(now + std::time::Duration::from_secs(seconds)),
            automatic: false,
        }
    }
}

/// A template as a response.
///
/// # Errors
/// When the template cannot be filled.
pub fn render(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(template.render()?)).into_response())
}

/// A template with a form as a response, which also sets the cookie that guards the form.
///
/// # Errors
/// When the template cannot be filled.
pub fn render_form(
    status: StatusCode,
    template: &impl Template,
    guard: &FormGuard,
) -> Result<Response, Failure> {
    let mut response = render(status, template)?;
    if let Some(cookie) = guard.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(wait: Option<Wait>) -> String {
        let message = Message {
            title: "Not available right now".to_owned(),
            wait,
            link: Some((String::new(), "Try again".to_owned())),
            ..Message::default()
        };
        message.render().unwrap()
    }

    #[test]
    fn a_page_that_waits_counts_down_and_says_the_time_without_scripts() {
        let automatic = page(Some(Wait::automatic(5)));
        let refresh = "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>";
        assert!(
            automatic.contains("<p data-wait=\"5\" data-auto>"),
            "{automatic}"
        );
        assert!(automatic.contains(refresh), "{automatic}");

        let by_hand = page(Some(Wait::from(UnixSeconds::new(1_795_450_380), 90)));
        let text = "<p data-wait=\"90\">You can try again at 16:14:30 UTC.</p>";
        assert!(by_hand.contains(text), "{by_hand}");
        for page in [&automatic, &by_hand] {
            assert!(
                page.contains("<a class=\"act\" href=\"\">Try again</a>"),
                "{page}"
            );
            assert!(page.contains("src=\"/assets/wait.js\""), "{page}");
        }
        assert!(
            !by_hand.contains("refresh"),
            "loading again would send the form again"
        );
        assert!(!page(None).contains("wait"));
    }
}
