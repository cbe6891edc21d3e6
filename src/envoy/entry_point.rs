//! What makes the module a filter.

use proxy_wasm::traits::RootContext;
use proxy_wasm::types::LogLevel;

use super::Root;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(Root::new(id)) });
}}
