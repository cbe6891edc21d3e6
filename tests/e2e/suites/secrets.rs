//! What must stay between a browser, the filter and the control service.

mod not_in_logs;
