//! What strangers try without a session: to make somebody use theirs, to learn who has an account, to
//! hold or to fill the service.

mod fixation;
mod flood;
mod timing;
