//! Calls to the control service.

use std::time::Duration;

use super::host;
use crate::config::Config;
use crate::feed::Poll;
use crate::filter::Call;
use crate::protocol::calls::PREFIX;

/// The scheme before the credential in a header (RFC 6750).
const SCHEME: &str = "Bearer ";

/// How to reach the control service. Has no `Debug`: it holds the filter credential.
pub struct Control {
    cluster: String,
    authority: String,
    authorization: String,
}

impl Control {
    /// Takes the credential from the VM's environment.
    pub fn of(config: &Config) -> Result<Self, String> {
        let control = config.control();
        let variable = &control.credential_env;
        let credential = std::env::var(variable).unwrap_or_default();
        if credential.is_empty() || !credential.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(format!(
                "invalid configuration:\n  control.credential_env names {variable}, which is missing \
                 from the VM's environment_variables, empty, or not visible ASCII"
            ));
        }
        Ok(Self {
            cluster: control.cluster.clone(),
            authority: control.authority.clone(),
            authorization: format!("{SCHEME}{credential}"),
        })
    }

    /// The filter credential: the key of what VMs share is derived from it.
    pub fn credential(&self) -> &str {
        self.authorization.trim_start_matches(SCHEME)
    }

    /// Sends a poll of the feed.
    pub fn poll(&self, poll: &Poll) -> Result<u32, host::HostError> {
        let path = format!("{PREFIX}feed?{}", poll.query);
        self.send("GET", &path, None, poll.timeout)
    }

    /// Sends a call of a stream.
    pub fn call(&self, call: &Call) -> Result<u32, host::HostError> {
        let path = format!("{PREFIX}{}", call.name);
        self.send("POST", &path, Some(call.body.as_bytes()), call.timeout)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
        timeout: Duration,
    ) -> Result<u32, host::HostError> {
        let mut headers = vec![
            (":method", method),
            (":path", path),
            (":authority", &self.authority),
            ("authorization", &self.authorization),
            ("accept", "application/json"),
        ];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        host::call(host::Request {
            cluster: &self.cluster,
            headers,
            body,
            timeout,
        })
    }
}
