//! Host calls of the filter by the SDK, each returning what went wrong instead of panicking. Those
//! that the SDK lacks are in [`super::abi`].

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, MetricType, Status};

use super::abi;
use crate::feed::node_name;
use crate::filter::{Changes, Random, ResponseChanges};
use crate::reply::Reply;
use crate::request::Field;
use crate::request::cookies::Cookies;
use crate::time::UnixMillis;

/// A host call that failed, and how.
pub struct HostError(pub &'static str, pub Status);

impl std::fmt::Display for HostError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed with status {:?}", self.0, self.1)
    }
}

type Result<T> = std::result::Result<T, HostError>;

fn named<T>(name: &'static str, result: std::result::Result<T, Status>) -> Result<T> {
    result.map_err(|status| HostError(name, status))
}

/// The host's clock.
pub fn now() -> UnixMillis {
    let since = hostcalls::get_current_time().ok();
    let since = since.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    UnixMillis::EPOCH + since.unwrap_or_default()
}

/// Random bytes of the host.
pub struct HostRandom;

impl Random for HostRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Without random bytes, login attempts could be guessed. A trap ends the request with
            // 503, and Envoy makes a new VM.
            log::error!("the host gives no random bytes: {error}");
            std::process::abort();
        }
    }
}

/// All request headers, serialized; [`fields`] reads them.
pub fn request_headers() -> Result<Vec<u8>> {
    let map = abi::header_map(MapType::HttpRequestHeaders);
    named("get_header_map_pairs", map)
}

/// All request trailers, serialized; [`fields`] reads them.
pub fn request_trailers() -> Result<Vec<u8>> {
    let map = abi::header_map(MapType::HttpRequestTrailers);
    named("get_header_map_pairs", map)
}

/// Removes a request trailer.
pub fn remove_trailer(name: &str) -> Result<()> {
    let removed = hostcalls::remove_map_value(MapType::HttpRequestTrailers, name);
    named("remove_trailer", removed)
}

/// The fields in a serialized header map; `None` if it is not one.
pub fn fields(map: &[u8]) -> Option<Vec<Field<'_>>> {
    let length = |at: usize| {
        let bytes = map.get(at..at.checked_add(4)?)?;
        usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    if map.is_empty() {
        return Some(Vec::new());
    }
    let count = length(0)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    let mut fields = Vec::with_capacity(count.min(map.len()));
    for index in 0..count {
        let lengths = 4 + index * 8;
        let name_end = at.checked_add(length(lengths)?)?;
        let value_end = name_end.checked_add(1)?.checked_add(length(lengths + 4)?)?;
        fields.push(Field {
            name: map.get(at..name_end)?,
            value: map.get(name_end + 1..value_end)?,
        });
        at = value_end.checked_add(1)?;
    }
    Some(fields)
}

/// The client's address, as Envoy determined it.
pub fn client_address() -> Option<IpAddr> {
    let address = hostcalls::get_property(vec!["source", "address"]).ok()??;
    let text = std::str::from_utf8(&address).ok()?;
    let socket: SocketAddr = text.parse().ok()?;
    Some(socket.ip())
}

/// The name of this Envoy's node; `None` if it has no id. Can be read from the configuration on.
pub fn node() -> Option<String> {
    let read = |path| hostcalls::get_property(path).ok().flatten();
    let of = |field| {
        // Envoy has it as an attribute of xDS; other hosts of this ABI have it at the top.
        let value = read(vec!["xds", "node", field]).or_else(|| read(vec!["node", field]));
        value.unwrap_or_default()
    };
    node_name(&of("id"), &of("cluster"))
}

/// Makes another context the one that host calls act on.
pub fn act_on(context: u32) -> Result<()> {
    named(
        "set_effective_context",
        hostcalls::set_effective_context(context),
    )
}

/// Changes the request of the effective context.
pub fn change(changes: &Changes) -> Result<()> {
    let map = MapType::HttpRequestHeaders;
    for name in &changes.remove {
        named("remove_header", hostcalls::remove_map_value(map, name))?;
    }
    if let Some(cookies) = &changes.cookies {
        replace_cookies(cookies)?;
    }
    if changes.only_upgrades {
        let replaced = hostcalls::set_map_value(map, "connection", Some("upgrade"));
        named("replace_header", replaced)?;
    }
    for (name, value) in changes.add() {
        named("add_header", hostcalls::add_map_value(map, name, value))?;
    }
    for (name, value) in changes.filter_state() {
        named("set_property", abi::set_property(name, value))?;
    }
    Ok(())
}

/// A replacement is of one line. Where it is one for one, as nearly always, that is enough.
fn replace_cookies(Cookies { sent, left }: &Cookies) -> Result<()> {
    let map = MapType::HttpRequestHeaders;
    if let (1, [line]) = (sent, left.as_slice()) {
        let replaced = hostcalls::set_map_value_bytes(map, "cookie", Some(line));
        return named("replace_header", replaced);
    }
    named("remove_header", hostcalls::remove_map_value(map, "cookie"))?;
    for line in left {
        let added = hostcalls::add_map_value_bytes(map, "cookie", line);
        named("add_header", added)?;
    }
    Ok(())
}

/// Changes the response of the effective context.
pub fn change_response(changes: &ResponseChanges) -> Result<()> {
    let map = MapType::HttpResponseHeaders;
    for name in changes.remove() {
        named("remove_header", hostcalls::remove_map_value(map, name))?;
    }
    for (name, value) in changes.add() {
        named("add_header", hostcalls::add_map_value(map, name, value))?;
    }
    Ok(())
}

/// Resumes the paused request of the effective context.
pub fn resume() -> Result<()> {
    named("continue_stream", hostcalls::resume_http_request())
}

/// Answers the request of the effective context.
pub fn reply(reply: &Reply) -> Result<()> {
    let details = format!("access.{}", reply.reason);
    named(
        "send_local_response",
        abi::send_local_response(&abi::LocalResponse {
            status: u32::from(reply.status),
            details: &details,
            headers: &reply.headers,
            body: reply.body.as_bytes(),
            grpc_status: reply.grpc_status,
        }),
    )
}

/// A call to a cluster.
pub struct Request<'a> {
    pub cluster: &'a str,
    pub headers: Vec<(&'a str, &'a str)>,
    pub body: Option<&'a [u8]>,
    pub timeout: Duration,
}

/// Sends a call; the answer comes to the context that is active now.
pub fn call(request: Request<'_>) -> Result<u32> {
    named(
        "http_call",
        hostcalls::dispatch_http_call(
            request.cluster,
            request.headers,
            request.body,
            Vec::new(),
            request.timeout,
        ),
    )
}

/// The status of a call's answer; `None` if there was none. A body that broke off has none too.
pub fn call_status(headers: usize) -> Option<u16> {
    if headers == 0 {
        return None;
    }
    let map = MapType::HttpCallResponseHeaders;
    let status = hostcalls::get_map_value_bytes(map, ":status").ok()??;
    std::str::from_utf8(&status).ok()?.parse().ok()
}

/// The body of a call's answer.
pub fn call_body(size: usize) -> Vec<u8> {
    let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size);
    body.ok().flatten().unwrap_or_default()
}

/// The plugin's configuration.
pub fn configuration(size: usize) -> Vec<u8> {
    let bytes = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, size);
    bytes.ok().flatten().unwrap_or_default()
}

/// How long until the next tick, and every one after it.
pub fn tick_every(period: Duration) -> Result<()> {
    named("set_tick_period", hostcalls::set_tick_period(period))
}

/// Defines a counter, or finds it.
pub fn counter(name: &str) -> Result<u32> {
    named(
        "define_metric",
        hostcalls::define_metric(MetricType::Counter, name),
    )
}

/// Defines a gauge, or finds it.
pub fn gauge(name: &str) -> Result<u32> {
    named(
        "define_metric",
        hostcalls::define_metric(MetricType::Gauge, name),
    )
}

/// Adds to a counter.
pub fn increment(metric: u32, by: u64) -> Result<()> {
    let by = i64::try_from(by).unwrap_or(i64::MAX);
    named("increment_metric", hostcalls::increment_metric(metric, by))
}

/// Sets a gauge.
pub fn record(metric: u32, value: u64) -> Result<()> {
    named("record_metric", hostcalls::record_metric(metric, value))
}

/// Calls a function that this host may or may not have.
pub fn foreign(name: &str, arguments: &[u8]) -> Result<Vec<u8>> {
    let answer = hostcalls::call_foreign_function(name, Some(arguments));
    named("call_foreign_function", answer).map(Option::unwrap_or_default)
}
