//! Answers that stay open, so that one can see a session's end cut them.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::time::sleep;

const PACE: Duration = Duration::from_secs(1);

/// One event a second, numbered from 0.
pub(super) async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(unfold(0_u64, |number| async move {
        if number > 0 {
            sleep(PACE).await;
        }
        Some((Ok(Event::default().data(number.to_string())), number + 1))
    }))
}

/// Sends back what it gets.
pub(super) async fn websocket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(send_back)
}

async fn send_back(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let wanted = matches!(message, Message::Text(_) | Message::Binary(_));
        if wanted && socket.send(message).await.is_err() {
            return;
        }
    }
}
