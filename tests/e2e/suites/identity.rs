//! Who the origin is told that a request is from: nobody but the filter decides.

mod spoofed;
