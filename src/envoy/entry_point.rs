//! What makes the module a filter.

use proxy_wasm::traits::RootContext;
use proxy_wasm::types::LogLevel;

use super::Root;

proxy_wasm::main! {{
    // The host drops what its own level does not admit.
    proxy_wasm::set_log_level(LogLevel::Debug);
    proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(Root::new(id)) });
}}
