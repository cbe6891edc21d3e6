//! Tokens, cookies and headers that no browser sends. After each attack the same VMs still answer.

mod cookies;
mod ecdsa;
mod flood;
mod headers;
mod jar;
mod slow_clients;
mod tokens;
