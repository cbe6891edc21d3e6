//! Scopes: what a caller may do.

use std::str::FromStr;

/// What an admin token or a role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// List global sessions.
    SessionsRead,
    /// End a global session.
    SessionsRevoke,
    /// List users.
    UsersRead,
    /// End all sessions of a user.
    UsersRevoke,
    /// Disable, enable and remove users who are no administrators, and set their passwords.
    UsersWrite,
    /// List applications and access groups.
    ApplicationsRead,
    /// End all sessions at an application.
    ApplicationsRevoke,
    /// Remove an application; set and delete access groups, and so decide who is admitted.
    ApplicationsWrite,
    /// List filter credentials, service tokens and admin tokens.
    CredentialsRead,
    /// Make and enable service tokens, and replace their secrets.
    CredentialsWrite,
    /// Revoke filter credentials and admin tokens, disable and delete service tokens.
    CredentialsRevoke,
    /// List signing keys.
    KeysRead,
    /// Replace the signing key.
    KeysRotate,
    /// Refuse a signing key.
    KeysRefuse,
    /// Read the audit log.
    AuditRead,
    /// List proxies.
    ProxiesRead,
    /// Forget proxies.
    ProxiesWrite,
    /// List revocations.
    RevocationsRead,
    /// See settings.
    SettingsRead,
    /// Change settings.
    SettingsWrite,
    /// Give roles to users, and take them away. Who may do that may make themselves administrator.
    RolesWrite,
}

/// No scope has this name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("is not a scope; the scopes are {}", Scope::ALL.map(Scope::name).join(", "))]
pub struct UnknownScope;

impl Scope {
    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::SessionsRead,
        Self::SessionsRevoke,
        Self::UsersRead,
        Self::UsersRevoke,
        Self::UsersWrite,
        Self::ApplicationsRead,
        Self::ApplicationsRevoke,
        Self::ApplicationsWrite,
        Self::CredentialsRead,
        Self::CredentialsWrite,
        Self::CredentialsRevoke,
        Self::KeysRead,
        Self::KeysRotate,
        Self::KeysRefuse,
        Self::AuditRead,
        Self::ProxiesRead,
        Self::ProxiesWrite,
        Self::RevocationsRead,
        Self::SettingsRead,
        Self::SettingsWrite,
        Self::RolesWrite,
    ];

    /// Its name, in lists and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionsRead => "sessions:read",
            Self::SessionsRevoke => "sessions:revoke",
            Self::UsersRead => "users:read",
            Self::UsersRevoke => "users:revoke",
            Self::UsersWrite => "users:write",
            Self::ApplicationsRead => "applications:read",
            Self::ApplicationsRevoke => "applications:revoke",
            Self::ApplicationsWrite => "applications:write",
            Self::CredentialsRead => "credentials:read",
            Self::CredentialsWrite => "credentials:write",
            Self::CredentialsRevoke => "credentials:revoke",
            Self::KeysRead => "keys:read",
            Self::KeysRotate => "keys:rotate",
            Self::KeysRefuse => "keys:refuse",
            Self::AuditRead => "audit:read",
            Self::ProxiesRead => "proxies:read",
            Self::ProxiesWrite => "proxies:write",
            Self::RevocationsRead => "revocations:read",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
            Self::RolesWrite => "roles:write",
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.name() == text).ok_or(UnknownScope)
    }
}
