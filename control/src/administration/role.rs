//! The roles, and what each may do.

use std::fmt;
use std::str::FromStr;

use crate::api::scope::Scope;

/// What a person may do in the dashboard. A later one may do everything that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Ends sessions, too.
    HelpDesk,
    /// Changes everything.
    Administrator,
}

/// No role has this name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("is not a role; the roles are {}, and `none`", Role::ALL.map(Role::name).join(", "))]
pub struct UnknownRole;

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::HelpDesk, Self::Administrator];

    /// Its name, on the command line, in the admin API and in the database.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::HelpDesk => "help_desk",
            Self::Administrator => "administrator",
        }
    }

    /// Its name in a sentence.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::HelpDesk => "help desk",
            Self::Administrator => "administrator",
        }
    }

    /// Whether it has a scope.
    #[must_use]
    pub fn may(self, scope: Scope) -> bool {
        self >= Self::lowest_with(scope)
    }

    /// The lowest role with a scope.
    #[must_use]
    pub fn lowest_with(scope: Scope) -> Self {
        match scope {
            Scope::SessionsRead
            | Scope::UsersRead
            | Scope::ApplicationsRead
            | Scope::ProxiesRead
            | Scope::RevocationsRead
            | Scope::SettingsRead
            | Scope::CredentialsRead
            | Scope::KeysRead
            | Scope::AuditRead => Self::Viewer,
            Scope::SessionsRevoke | Scope::UsersRevoke | Scope::ApplicationsRevoke => {
                Self::HelpDesk
            }
            Scope::UsersWrite
            | Scope::ApplicationsWrite
            | Scope::ProxiesWrite
            | Scope::SettingsWrite
            | Scope::CredentialsWrite
            | Scope::CredentialsRevoke
            | Scope::KeysRotate
            | Scope::KeysRefuse
            | Scope::RolesWrite => Self::Administrator,
        }
    }

    /// The role with a name; `none` is none.
    ///
    /// # Errors
    /// When there is no such role.
    pub fn or_none(text: &str) -> Result<Option<Self>, UnknownRole> {
        match text {
            "none" => Ok(None),
            // As the command line spells words of several parts.
            "help-desk" => Ok(Some(Self::HelpDesk)),
            text => text.parse().map(Some),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let mut all = Self::ALL.into_iter();
        all.find(|role| role.name() == text).ok_or(UnknownRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_the_scopes_of_the_one_before() {
        for scope in Scope::ALL {
            let reads = scope.name().ends_with(":read");
            assert_eq!(Role::Viewer.may(scope), reads, "{}", scope.name());
            assert!(Role::Administrator.may(scope), "{}", scope.name());
        }
        let more: Vec<&str> = Scope::ALL
            .into_iter()
            .filter(|scope| Role::HelpDesk.may(*scope) && !Role::Viewer.may(*scope))
            .map(Scope::name)
            .collect();
        assert_eq!(
            more,
            ["sessions:revoke", "users:revoke", "applications:revoke"]
        );
    }

    #[test]
    fn names_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::or_none(role.name()).unwrap(), Some(role));
        }
        assert_eq!(Role::or_none("help-desk").unwrap(), Some(Role::HelpDesk));
        assert_eq!(Role::or_none("none").unwrap(), None);
        assert!(Role::or_none("root").is_err());
    }
}
