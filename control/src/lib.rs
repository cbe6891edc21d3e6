//! The control service.
