//! The two host calls that the SDK does not offer as they are needed: a local response with its
//! details, and all headers at once without turning names into text.
#![expect(
    unsafe_code,
    reason = "the SDK passes no response code details, and unwraps header names that are not UTF-8"
)]

use proxy_wasm::types::{MapType, Status};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_send_local_response(
        status_code: u32,
        details_data: *const u8,
        details_size: usize,
        body_data: *const u8,
        body_size: usize,
        headers_data: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> Status;

    fn proxy_get_header_map_pairs(
        map_type: MapType,
        return_map_data: *mut *mut u8,
        return_map_size: *mut usize,
    ) -> Status;
}

/// A local response as the ABI takes it.
pub struct LocalResponse<'a> {
    pub status: u32,
    pub details: &'a str,
    pub headers: &'a [(&'static str, String)],
    pub body: &'a [u8],
    pub grpc_status: Option<u8>,
}

/// Replies to the stream of the effective context.
pub fn send_local_response(response: &LocalResponse<'_>) -> Result<(), Status> {
    let headers = serialize(response.headers);
    // SAFETY: every pointer is of a live slice and goes with its length; the host copies.
    let status = unsafe {
        proxy_send_local_response(
            response.status,
            response.details.as_ptr(),
            response.details.len(),
            response.body.as_ptr(),
            response.body.len(),
            headers.as_ptr(),
            headers.len(),
            response.grpc_status.map_or(-1, i32::from),
        )
    };
    match status {
        Status::Ok => Ok(()),
        other => Err(other),
    }
}

/// All headers, or trailers, as the ABI serializes them; see [`super::host::fields`].
pub fn header_map(map: MapType) -> Result<Vec<u8>, Status> {
    let mut data: *mut u8 = std::ptr::null_mut();
    let mut size: usize = 0;
    // SAFETY: both pointers are of live variables that the host fills.
    match unsafe { proxy_get_header_map_pairs(map, &mut data, &mut size) } {
        Status::Ok if data.is_null() => Ok(Vec::new()),
        // SAFETY: the host allocated `size` bytes by the SDK's `proxy_on_memory_allocate`, which
        // makes a boxed slice of this module's allocator, and gives them to the caller.
        Status::Ok => Ok(unsafe { Vec::from_raw_parts(data, size, size) }),
        other => Err(other),
    }
}

/// Pairs as the ABI takes them: their number, all lengths, then names and values, each with a
/// final zero byte.
fn serialize(pairs: &[(&'static str, String)]) -> Vec<u8> {
    let length = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = length(pairs.len()).to_vec();
    for (name, value) in pairs {
        bytes.extend(length(name.len()));
        bytes.extend(length(value.len()));
    }
    for (name, value) in pairs {
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes.extend(value.as_bytes());
        bytes.push(0);
    }
    bytes
}
