//! The README's Envoy configuration, as somebody would copy it.

mod envoy_accepts_it;
