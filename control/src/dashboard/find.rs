//! `GET /dashboard/find?q=…`: an e-mail address, a URL or hostname, an audience, a name, a user's or
//! session's id, a proxy, a version or a reference leads to its page.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::allowed::Allowed;
use super::proxies::address;
use super::shell::Shell;
use super::shown::Shown;
use crate::api::users::selected::NamedUser;
use crate::applications::Application;
use crate::audit::source::REFERENCE;
use crate::service::Service;
use crate::storage::{UserPage, UserSelector};
use crate::team_domain::page::failure::Failure;
use crate::team_domain::page::redirect::redirect;

/// The longest that is looked for, in bytes.
const LONGEST: usize = 2048;
/// The most users with one address that are listed.
const MOST_USERS: u32 = 20;

/// What is looked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
}

#[derive(Template)]
#[template(path = "dashboard/find.html")]
struct FindTemplate<'a> {
    shell: Shell,
    q: &'a str,
    /// Where users are searched for it.
    users: String,
    found: Vec<Found>,
}

/// Something that fits.
struct Found {
    kind: &'static str,
    name: Shown,
    page: String,
}

/// `GET /dashboard/find`.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(wanted) = wanted.map_err(|_| Failure::BadQuery)?;
    let q = wanted.q.trim();
    if q.len() > LONGEST {
        return Err(Failure::BadQuery);
    }
    let found = match q {
        "" => Vec::new(),
        q => find(&service, q).await?,
    };
    if let [only] = found.as_slice() {
        return redirect(StatusCode::FOUND, &only.page);
    }
    let page = FindTemplate {
        shell: person.shell(),
        users: form_urlencoded::Serializer::new("/dashboard/users?".to_owned())
            .append_pair("q", q)
            .finish(),
        q,
        found,
    };
    person.respond(StatusCode::OK, &page)
}

async fn find(service: &Service, q: &str) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    found.extend(version(service, q).await?);
    let applications = service.storage.applications().await?;
    let hostname = hostname(q);
    let fits = |one: &&Application| {
        let definition = &one.definition;
        one.audience == q
            || definition.name == q
            || (!hostname.is_empty() && definition.names_hostname(&hostname))
    };
    found.extend(applications.iter().filter(fits).map(|one| Found {
        kind: "Application",
        name: Shown::new(&one.definition.name),
        page: format!("/dashboard/applications/{}", one.audience),
    }));
    found.extend(users(service, q).await?);
    if let Some(session) = service.storage.listed_session(q, service.now()).await? {
        found.push(Found {
            kind: "Session",
            name: Shown::new(&session.email),
            page: format!("/dashboard/users/{}", session.user_id),
        });
    }
    let proxies = service.storage.proxies().await?;
    let proxies = proxies.iter().filter(|one| one.instance == q);
    found.extend(proxies.map(|one| Found {
        kind: "Proxy",
        name: Shown::new(&one.instance),
        page: address("one", (&one.credential, &one.instance)),
    }));
    let is_reference =
        q.len() == REFERENCE && q.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if found.is_empty() && is_reference {
        found.push(Found {
            kind: "Reference",
            name: Shown::new(q),
            page: format!("/dashboard/audit?reference={q}"),
        });
    }
    Ok(found)
}

/// A version of the feed.
async fn version(service: &Service, q: &str) -> Result<Option<Found>, Failure> {
    let Ok(version) = q.parse::<u64>() else {
        return Ok(None);
    };
    let newest = service.storage.newest_version().await?;
    let exists = (1..=newest).contains(&version);
    Ok(exists.then(|| Found {
        kind: "Version",
        name: Shown::new(q),
        page: format!("/dashboard/revocations/{version}"),
    }))
}

/// Users with an address or an id.
async fn users(service: &Service, q: &str) -> Result<Vec<Found>, Failure> {
    let named = NamedUser::of(q);
    let (UserSelector::Email(user) | UserSelector::Id(user)) = named.selector();
    // Without a user, the list would have all of them.
    if user.is_empty() {
        return Ok(Vec::new());
    }
    let page = UserPage {
        user,
        after: ("", ""),
        limit: MOST_USERS,
    };
    let users = service.storage.users_page(page).await?.into_iter();
    Ok(users
        .map(|user| Found {
            kind: "User",
            name: Shown::new(&user.email),
            page: format!("/dashboard/users/{}", user.id),
        })
        .collect())
}

/// The hostname of a URL, or the text itself.
fn hostname(q: &str) -> String {
    let rest = q.split_once("://").map_or(q, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    host.to_ascii_lowercase()
}
