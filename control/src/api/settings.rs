//! Settings of the service as a whole: `GET settings`, `PUT settings`. They stand in the configuration file.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::ApiError;
use super::input::{OptionalBody, required};
use super::precondition::{Precondition, Tagged, tagged};
use crate::administration::etag::Etag;
use crate::service::Service;
use crate::sessions::durations::to_text;

const DECLARED: &str = "these settings stand in the configuration file, under `[sessions]`, `[sign_in]` and \
                        `[audit]`; change them there, and restart the service";

/// Settings of the service as a whole.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Settings)]
#[serde(deny_unknown_fields)]
pub struct SettingsView {
    /// Sessions.
    sessions: SessionSettings,
    /// How people sign in.
    sign_in: SignInSettings,
    /// The audit log.
    audit: AuditSettings,
}

/// Settings of sessions.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SessionSettings {
    /// How long a global session lasts, such as `24h`; null: as long as the session of the application
    /// through which the sign-in began.
    global_duration: Option<String>,
    /// How long a user who was revoked cannot sign in, such as `1m`.
    login_block_after_revoke: String,
}

/// Settings of the sign-in.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignInSettings {
    /// Whether people can sign in with an e-mail address and a password.
    passwords: bool,
}

/// Settings of the audit log.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AuditSettings {
    /// How long events are kept, such as `90d`; null for ever.
    retention: Option<String>,
}

impl From<&Service> for SettingsView {
    fn from(service: &Service) -> Self {
        let config = &service.config;
        Self {
            sessions: SessionSettings {
                global_duration: config.sessions.global_duration.map(to_text),
                login_block_after_revoke: to_text(config.sessions.login_block_after_revoke),
            },
            sign_in: SignInSettings {
                passwords: config.sign_in.passwords,
            },
            audit: AuditSettings {
                retention: config.audit.retention.map(to_text),
            },
        }
    }
}

/// Shows the settings of the service as a whole.
#[utoipa::path(
    get,
    path = "/settings",
    operation_id = "show_settings",
    responses(
        (status = OK, body = SettingsView, headers(("etag" = String, description = "What the settings are now, for `if-match`."))),
    ),
)]
pub async fn show(State(service): State<Arc<Service>>) -> Tagged<SettingsView> {
    let settings = SettingsView::from(service.as_ref());
    tagged(&Etag::of(&settings), settings)
}

/// Replaces the settings of the service as a whole.
///
/// They stand in the configuration file, so a change is refused (409 `declared`). What was read can be sent as
/// it is.
#[utoipa::path(
    put,
    path = "/settings",
    operation_id = "put_settings",
    params(("if-match" = String, Header, description = "The `etag` of what was read, or `*`.")),
    request_body(
        content = SettingsView,
        example = json!({
            "sessions": { "global_duration": "24h", "login_block_after_revoke": "1m" },
            "sign_in": { "passwords": true },
            "audit": { "retention": null }
        })
    ),
    responses(
        (status = OK, body = SettingsView, headers(("etag" = String, description = "What the settings are now, for `if-match`."))),
        (status = CONFLICT),
    ),
)]
pub async fn put(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: OptionalBody,
) -> Result<Tagged<SettingsView>, ApiError> {
    let expected = Precondition::required(&headers)?;
    let sent: SettingsView = required(body)?;
    let settings = SettingsView::from(service.as_ref());
    let etag = Etag::of(&settings);
    expected.check(&etag)?;
    if sent != settings {
        return Err(ApiError::Declared(DECLARED.to_owned()));
    }
    Ok(tagged(&etag, settings))
}
