//! Where a snapshot continues: an opaque text that the filter sends back.

use portcullis::protocol::base64url;
use serde::{Deserialize, Serialize};

use crate::storage::Cursor;

/// The content of `next`.
#[derive(Serialize, Deserialize)]
pub(super) struct Next {
    pub epoch: String,
    pub version: u64,
    pub cursor: Cursor,
}

impl Next {
    pub fn encode(&self) -> Result<String, serde_json::Error> {
        Ok(base64url::encode(&serde_json::to_vec(self)?))
    }

    /// `None` if the text was not encoded here.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&base64url::decode(text.as_bytes())?).ok()
    }
}
