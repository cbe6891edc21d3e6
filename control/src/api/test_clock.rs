//! `POST /test/clock`: shifts the running service's clock. Only built with the feature
//! `test-clock`, which no release has.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::Input;
use crate::service::Service;

/// How far the clock is off.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockShift {
    /// Seconds that are added to the machine's time.
    pub offset_seconds: i64,
}

/// Sets how far the clock is off.
pub async fn shift(
    State(service): State<Arc<Service>>,
    Input(shift): Input<ClockShift>,
) -> Json<ClockShift> {
    service.shifted_clock.shift(shift.offset_seconds);
    tracing::warn!(shift.offset_seconds, "the clock was shifted for a test");
    Json(shift)
}
