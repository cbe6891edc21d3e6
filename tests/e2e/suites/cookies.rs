//! The settings of an application's cookies.

mod binding;
mod http_only;
