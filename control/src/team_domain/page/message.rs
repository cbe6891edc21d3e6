//! Filled templates as responses.

use askama::Template;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::csrf::FormGuard;
use super::failure::Failure;

/// A page with a message and possibly a link or a button.
#[derive(Template, Default)]
#[template(path = "message.html")]
pub struct Message {
    /// Whether the service runs as a demo, which every page says.
    pub demo: bool,
    /// The title.
    pub title: String,
    /// The text.
    pub paragraphs: Vec<String>,
    /// A link: its target and its text.
    pub link: Option<(String, String)>,
    /// A button that signs out.
    pub sign_out: Option<SignOut>,
}

/// A form that signs out.
pub struct SignOut {
    /// The token of [`super::csrf`].
    pub csrf_token: String,
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
