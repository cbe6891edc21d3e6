//! Names that VMs share: of their group and of their process. The first VM that needs one makes it.

use super::shared_data::SharedDataError;
use super::store::{AuthenticatedStore, Found};

/// A name in the shared data.
#[derive(Debug)]
pub struct SharedName {
    key: &'static str,
    name: Option<String>,
}

impl SharedName {
    /// A name that has not been read yet.
    pub fn new(key: &'static str) -> Self {
        Self { key, name: None }
    }

    /// The name; where there is none, the VM gives its own.
    pub fn read(
        &mut self,
        store: &AuthenticatedStore,
        vm: &str,
    ) -> Result<String, SharedDataError> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        let name = match self.read_or_write(store, vm) {
            // Another VM was faster.
            Err(SharedDataError::Changed) => self.read_or_write(store, vm)?,
            name => name?,
        };
        self.name = Some(name.clone());
        Ok(name)
    }

    fn read_or_write(
        &self,
        store: &AuthenticatedStore,
        vm: &str,
    ) -> Result<String, SharedDataError> {
        let Found {
            value,
            precondition,
        } = store.read_small::<String>(self.key)?;
        match value {
            Some(name) => Ok(name),
            None => {
                store.write_small(self.key, &vm, precondition)?;
                Ok(vm.to_owned())
            }
        }
    }
}
