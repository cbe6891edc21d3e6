//! The adapter: proxy-wasm callbacks become events of the core, its effects become host calls.
//! Nothing is decided here.

mod abi;
mod host;
mod root;
mod signature;
mod stream;

use proxy_wasm::traits::RootContext;
use proxy_wasm::types::LogLevel;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|id| -> Box<dyn RootContext> { Box::new(root::Root::new(id)) });
}}
