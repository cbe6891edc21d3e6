//! Sub-requests: what a script of a page gets once the session is gone. Never a redirect, which
//! it could not follow, and always enough to tell the user.

mod expired_session;
mod without_session;
