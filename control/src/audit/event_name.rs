//! What can happen.

/// What happened. Its name is part of the interface: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventName {
    /// A user signed in.
    SignInSucceeded,
    /// Nobody proved to be a user.
    SignInFailed,
    /// A user proved who they are, and may not sign in, or not to the application.
    SignInRefused,
    /// An application token was replaced.
    SessionRefreshed,
    /// A global session ended before its time, without an administrator.
    SessionEnded,
    /// A token was issued.
    TokenIssued,
    /// Tokens are refused from now on.
    RevocationMade,
    /// A provider reported something.
    ProviderEvent,
    /// The policy of an application changed.
    PolicyChanged,
    /// There is a new application.
    ApplicationAdded,
    /// Something else of an application changed.
    ApplicationChanged,
    /// An application is gone.
    ApplicationRemoved,
    /// There is a new user.
    UserAdded,
    /// A user was kept from signing in.
    UserDisabled,
    /// A user may sign in again.
    UserEnabled,
    /// A user is gone.
    UserRemoved,
    /// A user has a new password.
    UserPasswordChanged,
    /// A user has another role.
    UserRoleChanged,
    /// A signing key was published, signs, was refused or has expired.
    KeyRotated,
    /// There is a new admin token.
    AdminTokenAdded,
    /// An admin token is refused from now on.
    AdminTokenRevoked,
    /// There is a new filter credential.
    FilterCredentialAdded,
    /// A filter credential is refused from now on.
    FilterCredentialRevoked,
    /// There is a new service token.
    ServiceTokenAdded,
    /// A service token has a new secret.
    ServiceTokenRotated,
    /// A service token may not be used.
    ServiceTokenDisabled,
    /// A service token may be used again.
    ServiceTokenEnabled,
    /// A service token is gone.
    ServiceTokenRemoved,
    /// There is a new access group.
    AccessGroupAdded,
    /// An access group fits other people or networks.
    AccessGroupChanged,
    /// An access group is gone.
    AccessGroupRemoved,
    /// Secrets in the database were sealed with another key.
    SecretsResealed,
    /// An administrator said that a proxy is gone.
    ProxyForgotten,
    /// The database was copied to a file.
    BackupMade,
    /// The database was restored from a backup.
    DatabaseRestored,
    /// The configuration file is another one than at the last start.
    SettingsChanged,
}

impl EventName {
    /// All of them.
    pub const ALL: [Self; 36] = [
        Self::SignInSucceeded,
        Self::SignInFailed,
        Self::SignInRefused,
        Self::SessionRefreshed,
        Self::SessionEnded,
        Self::TokenIssued,
        Self::RevocationMade,
        Self::ProviderEvent,
        Self::PolicyChanged,
        Self::ApplicationAdded,
        Self::ApplicationChanged,
        Self::ApplicationRemoved,
        Self::UserAdded,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::UserRemoved,
        Self::UserPasswordChanged,
        Self::UserRoleChanged,
        Self::KeyRotated,
        Self::AdminTokenAdded,
        Self::AdminTokenRevoked,
        Self::FilterCredentialAdded,
        Self::FilterCredentialRevoked,
        Self::ServiceTokenAdded,
        Self::ServiceTokenRotated,
        Self::ServiceTokenDisabled,
        Self::ServiceTokenEnabled,
        Self::ServiceTokenRemoved,
        Self::AccessGroupAdded,
        Self::AccessGroupChanged,
        Self::AccessGroupRemoved,
        Self::SecretsResealed,
        Self::ProxyForgotten,
        Self::BackupMade,
        Self::DatabaseRestored,
        Self::SettingsChanged,
    ];

    /// Its name in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignInSucceeded => "sign_in.succeeded",
            Self::SignInFailed => "sign_in.failed",
            Self::SignInRefused => "sign_in.refused",
            Self::SessionRefreshed => "session.refreshed",
            Self::SessionEnded => "session.ended",
            Self::TokenIssued => "token.issued",
            Self::RevocationMade => "revocation.made",
            Self::ProviderEvent => "provider.event",
            Self::PolicyChanged => "policy.changed",
            Self::ApplicationAdded => "application.added",
            Self::ApplicationChanged => "application.changed",
            Self::ApplicationRemoved => "application.removed",
            Self::UserAdded => "user.added",
            Self::UserDisabled => "user.disabled",
            Self::UserEnabled => "user.enabled",
            Self::UserRemoved => "user.removed",
            Self::UserPasswordChanged => "user.password_changed",
            Self::UserRoleChanged => "user.role_changed",
            Self::KeyRotated => "key.rotated",
            Self::AdminTokenAdded => "admin.token_added",
            Self::AdminTokenRevoked => "admin.token_revoked",
            Self::FilterCredentialAdded => "admin.filter_credential_added",
            Self::FilterCredentialRevoked => "admin.filter_credential_revoked",
            Self::ServiceTokenAdded => "admin.service_token_added",
            Self::ServiceTokenRotated => "admin.service_token_rotated",
            Self::ServiceTokenDisabled => "admin.service_token_disabled",
            Self::ServiceTokenEnabled => "admin.service_token_enabled",
            Self::ServiceTokenRemoved => "admin.service_token_removed",
            Self::AccessGroupAdded => "admin.access_group_added",
            Self::AccessGroupChanged => "admin.access_group_changed",
            Self::AccessGroupRemoved => "admin.access_group_removed",
            Self::SecretsResealed => "admin.secrets_resealed",
            Self::ProxyForgotten => "admin.proxy_forgotten",
            Self::BackupMade => "admin.backup_made",
            Self::DatabaseRestored => "admin.database_restored",
            Self::SettingsChanged => "admin.settings_changed",
        }
    }

    /// Whether it tells that somebody was admitted or refused.
    #[must_use]
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::SignInSucceeded | Self::SessionRefreshed | Self::TokenIssued => {
                Some(Outcome::Admitted)
            }
            Self::SignInFailed | Self::SignInRefused => Some(Outcome::Refused),
            _ => None,
        }
    }
}

/// What somebody got who asked to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They were let in.
    Admitted,
    /// They were not.
    Refused,
}

impl Outcome {
    /// Its name in a filter.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Refused => "refused",
        }
    }

    /// The outcome with a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Admitted, Self::Refused];
        all.into_iter().find(|one| one.as_str() == name)
    }

    /// The names of its events.
    #[must_use]
    pub fn events(self) -> Vec<&'static str> {
        let events = EventName::ALL.into_iter();
        let events = events.filter(|event| event.outcome() == Some(self));
        events.map(EventName::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own() {
        let mut names: Vec<_> = EventName::ALL.map(EventName::as_str).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), EventName::ALL.len());
    }
}
