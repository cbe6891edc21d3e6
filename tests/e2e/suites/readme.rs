//! The README's Envoy configuration, as a reader would copy it.

mod envoy_accepts_it;
