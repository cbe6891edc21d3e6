//! `POST /dashboard/theme`: light, dark, or as the system.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;

use super::allowed::Allowed;
use super::fields::Fields;
use super::path::PATH;
use super::theme::Theme;
use crate::sessions::cookies;
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::{dashboard_page, redirect};

/// How long a browser keeps the choice.
const KEPT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// `POST /dashboard/theme`. Leads back to the page with the choice.
pub async fn choose(_: Allowed, fields: Fields) -> Result<Response, Failure> {
    let back = dashboard_page(fields.text("return_to"));
    let mut response = redirect(StatusCode::SEE_OTHER, back.as_deref().unwrap_or(PATH))?;
    let cookie = match Theme::named(fields.text("theme")) {
        Some(theme) => cookies::set(cookies::THEME, theme.name(), KEPT),
        None => cookies::set(cookies::THEME, "", Duration::ZERO),
    };
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
