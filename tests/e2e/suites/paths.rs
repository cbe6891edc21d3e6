//! Several applications on one host, parted by their paths.
//!
//! `/` admits every user, `/admin` one user; `/public/` and `/admin/public/` need no session. What
//! is tried against that stands in `paths/corpus.txt`, and is sent twice: through an Envoy
//! listener that normalises paths as the shipped bootstrap does, and through one that leaves
//! every path as it came. The origin keeps the bytes that it received; [`reading`] says what an
//! origin might take them for.

mod alone;
mod connection;
mod corpus;
mod origin;
mod overrides;
mod reading;
mod sharing;
mod site;
mod slashes;
mod tricks;
