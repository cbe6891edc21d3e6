//! The host's shared data, as the core needs it.

use super::abi;
use crate::feed::{Precondition, SharedData, SharedDataError, SharedValue};

/// Statuses of the proxy-wasm ABI.
const NOT_FOUND: u32 = 1;
const CAS_MISMATCH: u32 = 8;
/// A number that no value has, since the host counts writes from 1. With it the host writes a key
/// that does not exist, and rejects the write of one that does.
const NO_VALUE: u32 = u32::MAX;

/// The shared data of all VMs with the same `vm_id`.
pub struct HostSharedData;

impl SharedData for HostSharedData {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, SharedDataError> {
        match abi::shared_data(key) {
            Ok((bytes, cas)) => Ok(Some(SharedValue { bytes, cas })),
            Err(NOT_FOUND) => Ok(None),
            Err(status) => Err(SharedDataError::Host(status)),
        }
    }

    fn set(
        &self,
        key: &str,
        value: &[u8],
        precondition: Precondition,
    ) -> Result<(), SharedDataError> {
        let cas = match precondition {
            Precondition::Absent => NO_VALUE,
            Precondition::Unchanged(cas) => cas,
            Precondition::None => 0,
        };
        match abi::set_shared_data(key, value, cas) {
            Ok(()) => Ok(()),
            Err(CAS_MISMATCH) => Err(SharedDataError::Changed),
            Err(status) => Err(SharedDataError::Host(status)),
        }
    }
}
