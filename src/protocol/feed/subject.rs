//! What a revocation concerns: a scope and the ids that it takes.
//!
//! On the wire `[scope, id…]`. Everything that depends on the scope starts from [`Scope`] or
//! [`Subject`] and names each one, so a new scope does not compile until every place handles it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::Text;

/// Declares the scopes: each with its variant and its text on the wire and in the database.
macro_rules! scopes {
    ($($(#[$doc:meta])+ $scope:ident = $text:literal,)+) => {
        /// The kind of thing that a revocation concerns.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&'static str")]
        pub enum Scope {
            $($(#[$doc])+ $scope,)+
        }

        impl Scope {
            /// Every scope.
            pub const ALL: [Self; [$(Self::$scope),+].len()] = [$(Self::$scope),+];

            /// Its text on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$scope => $text,)+
                }
            }
        }
    };
}

scopes! {
    /// Every token of a user.
    User = "user",
    /// Every token of an application.
    Application = "application",
    /// A user's tokens at one application.
    UserApplication = "user_application",
    /// The tokens of one global session.
    Session = "session",
}

/// A text that is the name of no [`Scope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScope;

/// Whose tokens are refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject<S = String> {
    /// Every token of a user, by `sub`.
    User(S),
    /// Every token of an application, by audience.
    Application(S),
    /// A user's tokens at one application: `sub`, audience.
    UserApplication(S, S),
    /// The tokens of one global session, by `sid`.
    Session(S),
}

/// The ids of a token by which revocations find it.
#[derive(Debug, Clone, Copy)]
pub struct TokenIds<'a> {
    /// `sub`.
    pub user: &'a str,
    /// `sid`.
    pub session: &'a str,
    /// The one audience in `aud`.
    pub audience: &'a str,
}

impl Scope {
    /// The scope with this text.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(text: &str) -> Result<Self, UnknownScope> {
        let mut all = Self::ALL.into_iter();
        all.find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

impl<S> Subject<S> {
    /// The subject of a scope. `next_id` gives its ids in the order of the wire.
    ///
    /// # Errors
    /// What `next_id` fails with.
    pub fn from_ids<E>(scope: Scope, mut next_id: impl FnMut() -> Result<S, E>) -> Result<Self, E> {
        Ok(match scope {
            Scope::User => Self::User(next_id()?),
            Scope::Application => Self::Application(next_id()?),
            Scope::UserApplication => Self::UserApplication(next_id()?, next_id()?),
            Scope::Session => Self::Session(next_id()?),
        })
    }

    /// Its scope.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self {
            Self::User(_) => Scope::User,
            Self::Application(_) => Scope::Application,
            Self::UserApplication(..) => Scope::UserApplication,
            Self::Session(_) => Scope::Session,
        }
    }

    /// Its ids in the order of the wire; the second one is always an audience.
    #[must_use]
    pub const fn ids(&self) -> (&S, Option<&S>) {
        match self {
            Self::User(id) | Self::Application(id) | Self::Session(id) => (id, None),
            Self::UserApplication(user, audience) => (user, Some(audience)),
        }
    }

    /// The audience of the one application whose tokens it concerns; `None`: all applications'.
    #[must_use]
    pub const fn audience(&self) -> Option<&S> {
        match self {
            Self::Application(audience) | Self::UserApplication(_, audience) => Some(audience),
            Self::User(_) | Self::Session(_) => None,
        }
    }
}

impl<'a> Subject<&'a str> {
    /// The subject of a scope that a token belongs to.
    #[must_use]
    pub const fn of_token(scope: Scope, token: TokenIds<'a>) -> Self {
        match scope {
            Scope::User => Self::User(token.user),
            Scope::Application => Self::Application(token.audience),
            Scope::UserApplication => Self::UserApplication(token.user, token.audience),
            Scope::Session => Self::Session(token.session),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, UnknownScope> {
        Self::parse(&text)
    }
}

impl From<Scope> for &'static str {
    fn from(scope: Scope) -> Self {
        scope.as_str()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown scope of a revocation")
    }
}

impl std::error::Error for UnknownScope {}

impl<S: Serialize> Subject<S> {
    pub(super) fn serialize_into<A: SerializeSeq>(&self, seq: &mut A) -> Result<(), A::Error> {
        seq.serialize_element(self.scope().as_str())?;
        let (id, second) = self.ids();
        seq.serialize_element(id)?;
        second.map_or(Ok(()), |id| seq.serialize_element(id))
    }
}

impl<S> Subject<S> {
    pub(super) fn from_seq<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<Self, A::Error>
    where
        S: Deserialize<'de>,
    {
        let scope: Text<'de> = element(seq)?;
        let scope = Scope::parse(scope.as_ref()).map_err(Error::custom)?;
        Self::from_ids(scope, || element(seq))
    }
}

impl<S: Serialize> Serialize for Subject<S> {
    fn serialize<Z: Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
        let mut seq = serializer.serialize_seq(None)?;
        self.serialize_into(&mut seq)?;
        seq.end()
    }
}

impl<'de, S: Deserialize<'de>> Deserialize<'de> for Subject<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(SubjectVisitor(PhantomData))
    }
}

struct SubjectVisitor<S>(PhantomData<S>);

impl<'de, S: Deserialize<'de>> Visitor<'de> for SubjectVisitor<S> {
    type Value = Subject<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[scope, id…]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Subject<S>, A::Error> {
        let subject = Subject::from_seq(&mut seq)?;
        end(&mut seq)?;
        Ok(subject)
    }
}

/// The next element of an array.
pub(super) fn element<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(
    seq: &mut A,
) -> Result<T, A::Error> {
    seq.next_element()?
        .ok_or_else(|| Error::custom("a revocation is too short"))
}

/// Checks that an array ends here.
pub(super) fn end<'de, A: SeqAccess<'de>>(seq: &mut A) -> Result<(), A::Error> {
    match seq.next_element::<serde::de::IgnoredAny>()? {
        None => Ok(()),
        Some(_) => Err(Error::custom("a revocation is too long")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_has_one_text() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Ok(scope));
        }
        assert_eq!(Scope::parse("device"), Err(UnknownScope));
    }

    #[test]
    fn a_token_belongs_to_one_subject_of_each_scope() {
        let token = TokenIds {
            user: "u1",
            session: "s1",
            audience: "a1",
        };
        for scope in Scope::ALL {
            let subject = Subject::of_token(scope, token);
            assert_eq!(subject.scope(), scope);
            let (id, second) = subject.ids();
            let mut ids = [Some(*id), second.copied()].into_iter().flatten();
            let again = Subject::from_ids(scope, || ids.next().ok_or(()));
            assert_eq!(again, Ok(subject));
        }
    }
}
