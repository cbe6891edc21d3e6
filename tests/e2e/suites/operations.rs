//! What operators see: statistics of the filter, and what the examples for Grafana read.

mod certificates;
mod failover;
mod grafana;
mod scrape;
mod statistics;
mod two_machines;
