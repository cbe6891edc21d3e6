//! Where a snapshot goes on, in a form that the follower hands back as it is.

use portcullis::protocol::base64url;
use serde::{Deserialize, Serialize};

use crate::storage::Cursor;

/// What `next` says.
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

    /// `None`: nothing that was encoded here.
    pub fn decode(text: &str) -> Option<Self> {
        serde_json::from_slice(&base64url::decode(text.as_bytes())?).ok()
    }
}
