//! What only a real browser shows: Chromium, by mouse and keyboard where a person would.
//!
//! Screenshots of every page of the filter are kept in `chromium/screenshots` of the run.

mod accessibility;
mod addresses;
mod cross_origin;
mod frames;
mod frameworks;
mod place;
mod portcullis_js;
mod request_kinds;
mod same_site;
mod sign_in;
mod trouble;
mod waiting;
