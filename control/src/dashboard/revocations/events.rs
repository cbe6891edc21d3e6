//! `GET /dashboard/revocations/{version}/events`: how far a version has come, as server-sent events (HTML,
//! section 9.2). Every event, `progress`, is the whole state.
//!
//! A stream ends after twelve seconds and the browser comes back: the Envoy before the team domain may end
//! every request after fifteen. Session and role are judged each time.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use tokio::sync::watch;
use tokio::time::Instant;

use super::super::allowed::Allowed;
use super::existing;
use super::streams::{Place, Shown};
use super::watcher::states;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

const LASTS: Duration = Duration::from_secs(12);
/// After how long the browser comes back.
const RETRY: Duration = Duration::from_secs(1);

/// `GET /dashboard/revocations/{version}/events`. 503 if there are too many streams; the page has a link
/// for looking again.
pub async fn show(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(version): Path<String>,
) -> Result<Response, Failure> {
    let version = existing(&service, &version).await?;
    let Some(place) = service.streams.place(&person.session().id) else {
        let retry = [(header::RETRY_AFTER, "10")];
        return Ok((StatusCode::SERVICE_UNAVAILABLE, retry).into_response());
    };
    let states = states(&service, version).await?;
    let stream = ShownStream {
        states,
        end: Instant::now() + LASTS,
        is_first: true,
        is_complete: false,
        _place: place,
    };
    Ok(Sse::new(events(service, stream)).into_response())
}

/// A stream.
struct ShownStream {
    states: watch::Receiver<Arc<Shown>>,
    end: Instant,
    is_first: bool,
    is_complete: bool,
    _place: Place,
}

fn events(
    service: Arc<Service>,
    stream: ShownStream,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    unfold((service, stream), |(service, mut stream)| async move {
        let shown = stream.next(&service).await?;
        let event = Event::default().event("progress").retry(RETRY);
        Some((Ok(event.data(&shown.json)), (service, stream)))
    })
}

impl ShownStream {
    /// The next state; `None` at the end.
    async fn next(&mut self, service: &Service) -> Option<Arc<Shown>> {
        if self.is_complete {
            return None;
        }
        if !self.is_first {
            tokio::select! {
                changed = self.states.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.end) => return None,
                () = service.stopped() => return None,
            }
        }
        self.is_first = false;
        let state = Arc::clone(&self.states.borrow_and_update());
        self.is_complete = state.is_complete;
        Some(state)
    }
}
