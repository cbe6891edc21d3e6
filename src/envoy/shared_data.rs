//! The host's shared data, as the core asks for it.

use super::abi;
use crate::feed::shared::{Over, SharedData, SharedDataError, SharedValue};

/// Statuses of the ABI.
const NOT_FOUND: u32 = 1;
const CAS_MISMATCH: u32 = 8;
/// No value ever has this mark: the host counts them from 1. A key that does not exist is written
/// whatever the mark, one that does is not.
const NO_VALUE: u32 = u32::MAX;

/// Shared data of the VMs with this one's `vm_id`.
pub struct HostSharedData;

impl SharedData for HostSharedData {
    fn get(&self, key: &str) -> Result<Option<SharedValue>, SharedDataError> {
        match abi::shared_data(key) {
            Ok((bytes, cas)) => Ok(Some(SharedValue { bytes, cas })),
            Err(NOT_FOUND) => Ok(None),
            Err(status) => Err(SharedDataError::Host(status)),
        }
    }

    fn set(&self, key: &str, value: &[u8], over: Over) -> Result<(), SharedDataError> {
        let cas = match over {
            Over::Absence => NO_VALUE,
            Over::Value(cas) => cas,
            Over::Anything => 0,
        };
        match abi::set_shared_data(key, value, cas) {
            Ok(()) => Ok(()),
            Err(CAS_MISMATCH) => Err(SharedDataError::Changed),
            Err(status) => Err(SharedDataError::Host(status)),
        }
    }
}
