//! What the pages of the team domain share: templates, failures, forms, redirects and headers.

pub mod csrf;
pub mod failure;
pub mod message;
pub mod own;
pub mod present;
pub mod redirect;
pub mod security_headers;
pub mod time;
