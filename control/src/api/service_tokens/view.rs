//! What calls about service tokens take, and what they show.

use portcullis::protocol::service_token::client_id;
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::storage::ServiceToken;

/// A service token to make.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewServiceToken {
    /// Its name.
    pub name: String,
    /// How long it lasts, as `90d`; a year if absent.
    pub expires: Option<String>,
}

/// A secret to replace.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RotateServiceToken {
    /// How long the present secret is still good, as `7d`; a day if absent.
    pub grace: Option<String>,
    /// How long the service token then lasts; as before if absent.
    pub expires: Option<String>,
}

/// A service token, in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ServiceToken)]
pub struct ServiceTokenView {
    /// Its id, in logs too. `sub` of its application tokens is `service:` and this.
    pub id: String,
    /// What a program sends with its secret.
    pub client_id: String,
    /// Its name, in policies too.
    pub name: String,
    /// `active`, `disabled` or `expired`.
    pub state: String,
    /// When it was made.
    #[schema(value_type = u64, format = "unixtime")]
    pub created_at: UnixSeconds,
    /// When it expires.
    #[schema(value_type = u64, format = "unixtime")]
    pub expires_at: UnixSeconds,
    /// When its secret was last replaced.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub rotated_at: Option<UnixSeconds>,
    /// Until when the secret before that is good.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub old_secret_until: Option<UnixSeconds>,
    /// When it was last used, to the hour.
    #[schema(value_type = Option<u64>, format = "unixtime")]
    pub last_seen_at: Option<UnixSeconds>,
}

/// A service token with a new secret.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct ServiceTokenSecret {
    /// What lists show of it.
    #[serde(flatten)]
    pub view: ServiceTokenView,
    /// The secret, shown only here.
    pub client_secret: String,
    /// Application tokens below this version of the feed are refused; absent if all stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A service token that was disabled, enabled or deleted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangedServiceToken {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Application tokens below this version of the feed are refused; absent if it was enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A service token as of a moment.
pub(super) struct Seen {
    /// The token.
    pub token: ServiceToken,
    /// The moment.
    pub now: UnixSeconds,
}

impl From<Seen> for ServiceTokenView {
    fn from(Seen { token, now }: Seen) -> Self {
        let state = match token.disabled {
            true => "disabled",
            false if token.expires_at <= now => "expired",
            false => "active",
        };
        let old_secret = token.old_secret.filter(|old| old.until > now);
        Self {
            client_id: client_id(&token.id),
            id: token.id,
            name: token.name,
            state: state.to_owned(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            rotated_at: token.rotated_at,
            old_secret_until: old_secret.map(|old| old.until),
            last_seen_at: token.last_seen_at,
        }
    }
}
