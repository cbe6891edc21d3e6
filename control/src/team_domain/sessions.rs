//! `GET /sessions` shows users their own global sessions, `POST /sessions` ends one of them or all
//! but the one of this browser. The user can sign in again at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use super::page::csrf::{self, FormGuard};
use super::page::failure::Failure;
use super::page::message::render_form;
use super::page::own::Own;
use super::page::redirect::{redirect, sign_in_first};
use super::page::time::ShownTime;
use crate::audit::source::Source;
use crate::audit::{Event, EventName, Subject};
use crate::service::Service;
use crate::sessions::{cookies, current};
use crate::storage::{ListedSession, Session, SessionQuery};

const PATH: &str = "/sessions";
/// The value of the button that ends all other sessions.
const OTHERS: &str = "others";
/// A longer list would not be read. Ending the others ends also those that are not shown.
const MAX_SHOWN: u32 = 100;

#[derive(Deserialize)]
pub struct EndForm {
    csrf_token: String,
    /// The id of a session, or [`OTHERS`].
    end: String,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPageTemplate {
    own: Own,
    done: Option<String>,
    sessions: Vec<SessionRow>,
    more: bool,
}

/// A session as the page shows it.
struct SessionRow {
    id: String,
    this: bool,
    browser: String,
    user_agent: String,
    address: String,
    applications: String,
    since: ShownTime,
    /// The last sign-in, if there was one after the first.
    signed_in_again: Option<ShownTime>,
    used: ShownTime,
    until: ShownTime,
    /// Which one of how many that look alike, the oldest first.
    number: Option<(usize, usize)>,
}

/// `GET /sessions`.
pub async fn show(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    match current::current(&service, &headers).await? {
        Some(session) => page(&service, &headers, &session, None).await,
        None => sign_in_first(StatusCode::FOUND, PATH),
    }
}

/// `POST /sessions`.
pub async fn end(
    State(service): State<Arc<Service>>,
    source: Source,
    headers: HeaderMap,
    form: Result<Form<EndForm>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(form) = form.map_err(|_| Failure::BadForm)?;
    csrf::check(&headers, &form.csrf_token, &service.team_domain.to_string())?;
    let Some(session) = current::current(&service, &headers).await? else {
        return sign_in_first(StatusCode::SEE_OTHER, PATH);
    };
    if form.end == OTHERS {
        let count = end_others(&service, &session, source).await?;
        let done = match count {
            0 => "There was no other session.".to_owned(),
            1 => "1 other session has ended.".to_owned(),
            count => format!("{count} other sessions have ended."),
        };
        return page(&service, &headers, &session, Some(done)).await;
    }
    end_one(&service, &session, &form.end, source).await?;
    if form.end == session.id {
        let mut response = redirect(StatusCode::SEE_OTHER, "/")?;
        if let Some(cookie) = cookies::set(cookies::SESSION, "", Duration::ZERO) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        return Ok(response);
    }
    let done = "The session has ended.".to_owned();
    page(&service, &headers, &session, Some(done)).await
}

/// Ends a session of the same user. Any other id is treated like a session that has ended.
async fn end_one(
    service: &Service,
    own: &Session,
    id: &str,
    source: Source,
) -> Result<(), Failure> {
    let by = source.by(own.actor());
    let event = Event::new(EventName::SessionEnded, &by, Subject::session(id));
    let event = event.reason("by_user");
    let session = service
        .storage
        .session(id, own.key_refusals, service.now())
        .await?;
    if session.is_some_and(|session| session.user_id == own.user_id)
        && let Some(version) = service.storage.end_session(id, event).await?
    {
        service.notifier.committed(version);
        tracing::info!(
            session = id,
            user = own.user_id,
            email = own.email,
            version,
            "global session ended by its user"
        );
    }
    Ok(())
}

async fn end_others(service: &Service, own: &Session, source: Source) -> Result<u64, Failure> {
    let by = source.by(own.actor());
    let subject = Subject::user(&own.user_id, &own.email);
    let event = Event::new(EventName::SessionEnded, &by, subject).reason("by_user");
    let storage = &service.storage;
    let ended = storage.end_other_sessions(&own.user_id, &own.id, &event);
    let ended = ended.await?;
    if let Some(version) = ended.version {
        service.notifier.committed(version);
        tracing::info!(
            user = own.user_id,
            email = own.email,
            count = ended.count,
            version,
            "other global sessions ended by their user"
        );
    }
    Ok(ended.count)
}

async fn page(
    service: &Service,
    headers: &HeaderMap,
    own: &Session,
    done: Option<String>,
) -> Result<Response, Failure> {
    let query = SessionQuery {
        user: &own.user_id,
        now: service.now(),
        after: None,
        limit: MAX_SHOWN + 1,
    };
    let found = service.storage.list_sessions(query).await?;
    let more = found.len() > MAX_SHOWN as usize;
    let mut sessions: Vec<SessionRow> = found
        .into_iter()
        .map(|one| SessionRow::of(one, own))
        .collect();
    number_alike(&mut sessions);
    // This browser's session first. The sort is stable, so the others stay newest first.
    sessions.sort_by_key(|row| !row.this);
    sessions.truncate(MAX_SHOWN as usize);
    let guard = FormGuard::of(headers, service.random.as_ref())?;
    let page = SessionsPageTemplate {
        own: Own::of(service, (headers, &guard), own, PATH).await?,
        done,
        sessions,
        more,
    };
    render_form(StatusCode::OK, &page, &guard)
}

/// Numbers the sessions of browsers that look alike. They come newest first.
fn number_alike(sessions: &mut [SessionRow]) {
    let mut alike: HashMap<String, usize> = HashMap::new();
    for session in sessions.iter() {
        *alike.entry(session.browser.clone()).or_default() += 1;
    }
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for session in sessions.iter_mut().rev() {
        let of = alike.get(&session.browser).copied().unwrap_or_default();
        let number = numbers.entry(session.browser.clone()).or_default();
        *number += 1;
        session.number = (of > 1).then_some((*number, of));
    }
}

impl SessionRow {
    fn of(session: ListedSession, own: &Session) -> Self {
        let names: Vec<String> = session
            .applications
            .into_iter()
            .map(|used| used.name)
            .collect();
        Self {
            this: session.id == own.id,
            id: session.id,
            browser: session.browser,
            user_agent: session.user_agent,
            address: session.address,
            applications: names.join(", "),
            since: ShownTime::at(session.since),
            signed_in_again: (session.signed_in_at > session.since)
                .then(|| ShownTime::at(session.signed_in_at)),
            used: ShownTime::at(session.last_used_at),
            until: ShownTime::at(session.until),
            number: None,
        }
    }
}
