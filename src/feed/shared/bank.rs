//! A snapshot's pages, a key each. There are two banks: a new snapshot comes into one while the
//! other is read.

use super::position::Base;
use super::sealed::Sealed;
use super::{Over, SharedDataError};

impl Base {
    /// A snapshot that has no page yet, in the bank that another is not in.
    pub fn beside(other: Option<&Self>, id: u64) -> Self {
        Self {
            id,
            bank: other.map_or(0, |other| 1 - other.bank.min(1)),
            pages: 0,
            bytes: 0,
            version: 0,
            block: 0,
        }
    }

    /// Puts a page behind the others.
    pub fn put(
        &mut self,
        sealed: &Sealed,
        epoch: &str,
        page: &[u8],
    ) -> Result<(), SharedDataError> {
        let index = self.pages;
        sealed.write(
            &self.key(index),
            &self.what(epoch, index),
            page,
            Over::Anything,
        )?;
        self.pages += 1;
        self.bytes += page.len() as u64;
        Ok(())
    }

    /// A page; `None` if it is gone or another's.
    pub fn page(
        &self,
        sealed: &Sealed,
        epoch: &str,
        index: u32,
    ) -> Result<Option<Vec<u8>>, SharedDataError> {
        let found = sealed.read(&self.key(index), &self.what(epoch, index))?;
        Ok(found.value)
    }

    /// Frees the memory of all pages.
    pub fn clear(&self, sealed: &Sealed) -> Result<(), SharedDataError> {
        (0..self.pages).try_for_each(|index| sealed.clear(&self.key(index)))
    }

    fn key(&self, index: u32) -> String {
        format!("base/{}/{index}", self.bank)
    }

    /// What the seal says of a page. A page of another snapshot in the same place does not fit.
    fn what(&self, epoch: &str, index: u32) -> String {
        format!("{} {} {index} {epoch}", self.id, self.version)
    }
}
