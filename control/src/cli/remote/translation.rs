//! What the command line asks the control socket for, as calls of the admin API.

use hyper::Method;
use portcullis::reply::percent_encode;
use serde_json::{Map, Value};

use crate::api::PATH;

/// A call, or several. Paths are below the admin API's.
#[derive(Debug, PartialEq, Eq)]
pub enum Call {
    /// One, with this body; null: without.
    One(Method, String, Value),
    /// All pages of a list.
    AllPages(String),
    /// One about the user whom an address or an id names.
    OfUser(OfUser),
    /// Waiting for proxies.
    Wait(Wait),
}

/// A call about a user.
#[derive(Debug, PartialEq, Eq)]
pub struct OfUser {
    /// An e-mail address or an id.
    pub named: String,
    /// The method.
    pub method: Method,
    /// The rest of the path, after the id.
    pub call: &'static str,
    /// The body; null: none.
    pub body: Value,
}

/// What is waited for, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub struct Wait {
    /// The version of the feed.
    pub version: u64,
    /// Which proxies.
    pub wait_for: String,
    /// For how long.
    pub timeout_ms: u64,
}

/// The call of the admin API that does the same; `None` if there is none.
pub fn of(method: &Method, path: &str, body: &[u8]) -> Option<Call> {
    let mut fields: Map<String, Value> = match body {
        [] => Map::new(),
        body => serde_json::from_slice(body).ok()?,
    };
    if let Some(path) = path.strip_prefix(PATH) {
        let body = if body.is_empty() {
            Value::Null
        } else {
            fields.into()
        };
        return Some(Call::One(method.clone(), path.to_owned(), body));
    }
    if *method == Method::GET {
        return list(path);
    }
    let call = match path {
        "/users" | "/filter-credentials" => Call::One(Method::POST, path.to_owned(), fields.into()),
        "/revocations/session" => deletion("sessions", &mut fields)?,
        "/filter-credentials/revoke" => deletion("filter-credentials", &mut fields)?,
        "/admin-tokens/revoke" => deletion("admin-tokens", &mut fields)?,
        "/revocations/show" => Call::Wait(wait(&fields, 0)?),
        "/revocations/wait" => {
            let timeout_ms = fields.get("timeout_ms")?.as_u64()?;
            Call::Wait(wait(&fields, timeout_ms)?)
        }
        _ => of_user(path, &mut fields).or_else(|| of_application(path, fields))?,
    };
    Some(call)
}

fn list(path: &str) -> Option<Call> {
    match path {
        "/users" | "/applications" | "/proxies" | "/filter-credentials" | "/admin-tokens" => {
            Some(Call::AllPages(path.to_owned()))
        }
        _ => None,
    }
}

fn deletion(resource: &str, fields: &mut Map<String, Value>) -> Option<Call> {
    let id = taken(fields, "id")?;
    let path = format!("/{resource}/{}", percent_encode(id.as_bytes()));
    Some(Call::One(Method::DELETE, path, Value::Null))
}

fn wait(fields: &Map<String, Value>, timeout_ms: u64) -> Option<Wait> {
    let wait_for = fields.get("wait_for").and_then(Value::as_str);
    Some(Wait {
        version: fields.get("version")?.as_u64()?,
        wait_for: wait_for.unwrap_or("all").to_owned(),
        timeout_ms,
    })
}

fn of_user(path: &str, fields: &mut Map<String, Value>) -> Option<Call> {
    let (method, call) = match path {
        "/revocations/user" => (Method::POST, "/revoke"),
        "/users/disable" => (Method::POST, "/disable"),
        "/users/enable" => (Method::POST, "/enable"),
        "/users/password" => (Method::POST, "/password"),
        "/users/role" => (Method::PUT, "/role"),
        "/users/remove" => (Method::DELETE, ""),
        _ => return None,
    };
    let named = taken(fields, "email")?;
    Some(Call::OfUser(OfUser {
        named,
        method,
        call,
        body: rest(std::mem::take(fields)),
    }))
}

fn of_application(path: &str, mut fields: Map<String, Value>) -> Option<Call> {
    let named = match path {
        "/policies/test" => taken(&mut fields, "application")?,
        "/applications" => fields.get("name")?.as_str()?.to_owned(),
        _ => taken(&mut fields, "name")?,
    };
    let at = format!("/applications/{}", percent_encode(named.as_bytes()));
    let call = match path {
        "/applications" => Call::One(Method::PUT, at, fields.into()),
        "/applications/show" => Call::One(Method::GET, at, Value::Null),
        "/applications/remove" => Call::One(Method::DELETE, at, fields.into()),
        "/applications/set" => {
            let changes = fields.remove("changes")?;
            fields.extend(changes.as_object()?.clone());
            // What is null is not changed.
            fields.retain(|_, value| !value.is_null());
            Call::One(Method::PATCH, at, fields.into())
        }
        "/revocations/application" => Call::One(Method::POST, at + "/revoke", fields.into()),
        "/policies/test" => {
            let question = fields.remove("question")?;
            Call::One(Method::POST, at + "/policy/test", question)
        }
        _ => return None,
    };
    Some(call)
}

fn taken(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    Some(fields.remove(name)?.as_str()?.to_owned())
}

fn rest(fields: Map<String, Value>) -> Value {
    if fields.is_empty() {
        Value::Null
    } else {
        fields.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_post(path: &str, body: &Value) -> Option<Call> {
        of(&Method::POST, path, body.to_string().as_bytes())
    }

    #[test]
    fn the_name_of_an_application_is_one_segment() {
        let set = json!({ "name": "a/b", "changes": { "name": null, "preflight": "origin" } });
        let expected = Call::One(
            Method::PATCH,
            "/applications/a%2Fb".to_owned(),
            json!({ "preflight": "origin" }),
        );
        assert_eq!(of_post("/applications/set", &set), Some(expected));
    }

    #[test]
    fn no_call_makes_an_admin_token() {
        let wish = json!({ "scopes": ["users:read"] });
        assert_eq!(of_post("/admin-tokens", &wish), None);
        assert_eq!(of_post("/test/clock", &json!({})), None);
    }
}
