//! What a write expects of what it writes: `if-match` and `if-none-match` (RFC 9110, section 13.1).

use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::{ETAG, HeaderName, IF_MATCH, IF_NONE_MATCH};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::{IntoParams, PartialSchema};

use super::error::ApiError;
use crate::administration::etag::Etag;

/// A resource with its `etag`.
pub type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// What a write expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precondition {
    /// That there is no such resource: `if-none-match: *`.
    New,
    /// That there is one: `if-match: *`.
    Exists,
    /// That it has one of these: `if-match: "…"`, with the quotes.
    OneOf(Vec<String>),
}

impl Precondition {
    /// What the headers say; `None` if they expect nothing.
    pub fn given(headers: &HeaderMap) -> Result<Option<Self>, ApiError> {
        let (matching, none_matching) = (text(headers, &IF_MATCH)?, text(headers, &IF_NONE_MATCH)?);
        match (matching.as_deref(), none_matching.as_deref()) {
            (None, None) => Ok(None),
            (None, Some("*")) => Ok(Some(Self::New)),
            (None, Some(_)) => Err(invalid("if-none-match takes `*` only")),
            (Some(_), Some(_)) => Err(invalid("send if-match or if-none-match, not both")),
            (Some("*"), None) => Ok(Some(Self::Exists)),
            (Some(tags), None) => Ok(Some(Self::OneOf(
                tags.split(',').map(|tag| tag.trim().to_owned()).collect(),
            ))),
        }
    }

    /// The same for a write that must not happen without.
    pub fn required(headers: &HeaderMap) -> Result<Self, ApiError> {
        Self::given(headers)?.ok_or(ApiError::PreconditionRequired)
    }

    /// Refuses a write if the resource, which exists, is another one than expected.
    pub fn check(&self, now: &Etag) -> Result<(), ApiError> {
        let now = now.quoted();
        match self {
            Self::Exists => Ok(()),
            Self::OneOf(tags) if tags.contains(&now) => Ok(()),
            Self::New | Self::OneOf(_) => Err(ApiError::ChangedMeanwhile {
                etag: Some(now),
                last: None,
            }),
        }
    }
}

impl IntoParams for Precondition {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let headers = [
            (
                "if-match",
                "The `etag` of what was read, or `*`: replace it whatever it is now.",
            ),
            ("if-none-match", "`*`: make it, and replace nothing."),
        ];
        let parameter = |(name, text)| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Header)
                .description(Some(text))
                .schema(Some(String::schema()))
                .build()
        };
        headers.map(parameter).into()
    }
}

/// A resource with its `etag`.
pub fn tagged<T>(etag: &Etag, resource: T) -> Tagged<T> {
    ([(ETAG, etag.quoted())], Json(resource))
}

/// All lines of a header as one (RFC 9110, section 5.3).
fn text(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, ApiError> {
    let lines = headers.get_all(name).iter().map(|line| line.to_str());
    let lines: Vec<&str> = lines
        .collect::<Result<_, _>>()
        .map_err(|_| invalid("if-match and if-none-match take visible ASCII"))?;
    Ok((!lines.is_empty()).then(|| lines.join(",")))
}

fn invalid(message: &str) -> ApiError {
    ApiError::RequestInvalid(message.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(HeaderName, &str)]) -> Result<Option<Precondition>, ApiError> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value.parse().unwrap());
        }
        Precondition::given(&headers)
    }

    #[test]
    fn headers_say_what_is_expected() {
        let one_of = |tags: &[&str]| {
            let tags = tags.iter().map(|tag| (*tag).to_owned());
            Some(Precondition::OneOf(tags.collect()))
        };
        assert_eq!(given(&[]).unwrap(), None);
        assert_eq!(
            given(&[(IF_NONE_MATCH, "*")]).unwrap(),
            Some(Precondition::New)
        );
        assert_eq!(
            given(&[(IF_MATCH, "*")]).unwrap(),
            Some(Precondition::Exists)
        );
        assert_eq!(
            given(&[(IF_MATCH, "\"a\", \"b\"")]).unwrap(),
            one_of(&["\"a\"", "\"b\""])
        );
        assert_eq!(
            given(&[(IF_MATCH, "\"a\""), (IF_MATCH, "\"b\"")]).unwrap(),
            one_of(&["\"a\"", "\"b\""])
        );
        for wrong in [
            vec![(IF_NONE_MATCH, "\"a\"")],
            vec![(IF_MATCH, "*"), (IF_NONE_MATCH, "*")],
        ] {
            assert!(matches!(given(&wrong), Err(ApiError::RequestInvalid(_))));
        }
    }

    #[test]
    fn a_weak_etag_matches_nothing() {
        let group = serde_json::from_str(r#"{"name":"a","include":[]}"#).unwrap();
        let etag = Etag::of_access_group(&group);
        let weak = Precondition::OneOf(vec![format!("W/{}", etag.quoted())]);
        assert!(weak.check(&etag).is_err());
        assert!(
            Precondition::OneOf(vec![etag.quoted()])
                .check(&etag)
                .is_ok()
        );
    }
}
