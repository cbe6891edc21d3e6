//! The query of the sign-in.

use std::borrow::Cow;

use portcullis::protocol::return_to;
use portcullis::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use super::super::page::redirect::dashboard_page;

const OWN_PAGES: [&str; 4] = ["/sessions", "/password", "/tokens", "/device"];

/// The `prompt` of a page that demands a recent sign-in.
const LOGIN: &str = "login";

/// The query, unchecked. The form's action repeats it.
#[derive(Debug, Default, Deserialize, Serialize)]
pub struct LoginQuery {
    /// Shows the form although the user is signed in. For links of our own pages.
    #[serde(skip_serializing)]
    pub(super) other_account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) app: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code_challenge: Option<String>,
    /// Not repeated by the form: it concerns the first response only.
    #[serde(skip_serializing)]
    pub(super) prompt: Option<String>,
    /// When the form was first shown, in Unix seconds. The form writes it, never a filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<String>,
    /// `popup` in a window that an application's frame opened. [`super::opener`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<String>,
    /// Shows the page although one provider is the default.
    #[serde(skip_serializing)]
    pub(super) choose: Option<String>,
}

impl LoginQuery {
    /// Whether to show the form although the user is signed in.
    pub fn wants_other_account(&self) -> bool {
        self.other_account.is_some()
    }

    /// Whether to show the page although one provider is the default.
    pub fn wants_choice(&self) -> bool {
        self.choose.is_some()
    }

    /// The query of a sign-in on the team domain itself, after all checks.
    pub fn of_own_page(&self) -> Self {
        Self {
            return_to: Some(self.own_page().into_owned()),
            prompt: self.prompt.clone().filter(|_| self.wants_recent()),
            ..Self::default()
        }
    }

    /// When the form was first shown: now, unless the form says so itself.
    pub fn shown(&self, now: UnixSeconds) -> UnixSeconds {
        let Some(text) = &self.shown else {
            return now;
        };
        UnixSeconds::new(text.parse().unwrap_or_default())
    }

    /// A path with this query, and with when the form was first shown.
    pub fn to_path(&self, path: &str, shown: UnixSeconds) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("app", &self.app),
            ("origin", &self.origin),
            ("return_to", &self.return_to),
            ("state", &self.state),
            ("code_challenge", &self.code_challenge),
            ("display", &self.display),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if self.wants_recent() {
            query.append_pair("prompt", LOGIN);
        }
        query.append_pair("shown", &shown.to_string());
        format!("{path}?{}", query.finish())
    }

    /// The page of the team domain to go to after a sign-in that no application began: one that
    /// requires a sign-in, or the start page.
    pub fn own_page(&self) -> Cow<'_, str> {
        let page = return_to::sanitize(self.return_to.as_deref().unwrap_or_default());
        let path = page.split('?').next().unwrap_or_default();
        if let Some(page) = self.return_to.as_deref().and_then(dashboard_page) {
            return page;
        }
        if OWN_PAGES.contains(&path) {
            page
        } else {
            Cow::Borrowed("/")
        }
    }

    /// Whether this is a sign-in on the team domain itself, begun by no application.
    pub fn is_plain(&self) -> bool {
        let is_own = self.app.is_none() && self.origin.is_none() && self.state.is_none();
        is_own && (self.prompt.is_none() || self.wants_recent())
    }

    /// Whether a page of the dashboard demands a recent sign-in (OpenID Connect Core 1.0, section
    /// 3.1.2.1).
    pub fn wants_recent(&self) -> bool {
        let page = self.return_to.as_deref().and_then(dashboard_page);
        self.app.is_none() && page.is_some() && self.prompt.as_deref() == Some(LOGIN)
    }
}
