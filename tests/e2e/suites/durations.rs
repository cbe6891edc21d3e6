//! How long sessions last: global and application session against each other, a rule's own
//! duration, none at all, and whom the policy does not admit any more.
//!
//! Every instant and every pair of durations is in the table of `control/tests/service/table`,
//! where the test moves the filter core's clock too. Here the clock is the machine's.

mod in_chromium;
mod removed;
mod sight;
mod table;
mod without_duration;
