//! The host calls that the SDK does not offer as they are needed: a local response with its
//! details, all headers at once without turning names into text, and shared data.
#![expect(
    unsafe_code,
    reason = "the SDK passes no response code details, unwraps header names that are not UTF-8, and \
              panics where shared data fails"
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

    fn proxy_set_property(
        path_data: *const u8,
        path_size: usize,
        value_data: *const u8,
        value_size: usize,
    ) -> Status;

    fn proxy_get_shared_data(
        key_data: *const u8,
        key_size: usize,
        return_value_data: *mut *mut u8,
        return_value_size: *mut usize,
        return_cas: *mut u32,
    ) -> u32;

    fn proxy_set_shared_data(
        key_data: *const u8,
        key_size: usize,
        value_data: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
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

/// Sets a property of the effective context's stream, of one part, as a filter state.
pub fn set_property(name: &str, value: &str) -> Result<(), Status> {
    // SAFETY: both slices are live and go with their lengths; the host copies.
    let status =
        unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
    match status {
        Status::Ok => Ok(()),
        other => Err(other),
    }
}

/// A key's value in the shared data, and its mark; or the status that is not `Ok`, as a number:
/// the SDK's type cannot hold one that it does not know.
pub fn shared_data(key: &str) -> Result<(Vec<u8>, u32), u32> {
    let mut data: *mut u8 = std::ptr::null_mut();
    let mut size: usize = 0;
    let mut cas: u32 = 0;
    // SAFETY: the key is a live slice with its length; the others are live variables that the
    // host fills.
    let status =
        unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut cas) };
    match status {
        0 if data.is_null() => Ok((Vec::new(), cas)),
        // SAFETY: as in `header_map`.
        0 => Ok((unsafe { Vec::from_raw_parts(data, size, size) }, cas)),
        other => Err(other),
    }
}

/// Writes a value where there is one with this mark, or none, or for mark 0 whatever there is.
pub fn set_shared_data(key: &str, value: &[u8], cas: u32) -> Result<(), u32> {
    // SAFETY: both slices are live and go with their lengths; the host copies.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), cas) };
    match status {
        0 => Ok(()),
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
