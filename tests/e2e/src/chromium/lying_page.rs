//! A page that lies open, and loses its access without being touched.

use anyhow::{Result, ensure};

use super::Tab;

/// Opens a WebSocket, and keeps a promise of its end, which gives the close code.
const OPEN_WEBSOCKET: &str = "new Promise((open, failed) => {
    window.socket = new WebSocket(`wss://${location.host}/ws`);
    window.cut = new Promise((cut) => { socket.onclose = (event) => cut(event.code); });
    socket.onmessage = (event) => open(event.data);
    socket.onerror = () => failed(new Error('no WebSocket'));
    socket.onopen = () => socket.send('hello');
})";
const FETCH: &str = "fetch('/api/time').then((answer) => answer.status)";
/// The close code of a connection that ended without a farewell (RFC 6455, section 7.1.5).
const CUT: u16 = 1_006;

impl Tab {
    /// Opens a WebSocket in the page of an application, and sees that its calls are answered.
    ///
    /// # Errors
    /// When there is no access.
    pub fn lie_open(&self) -> Result<()> {
        let hello = self.run(OPEN_WEBSOCKET)?;
        ensure!(hello == "hello", "{hello}");
        let status = self.run(FETCH)?;
        ensure!(status == 200, "{status}");
        Ok(())
    }

    /// Sees that the page has its access.
    ///
    /// # Errors
    /// When it has not.
    pub fn is_untouched(&self) -> Result<()> {
        let is_open = self.run("socket.readyState === WebSocket.OPEN")?;
        ensure!(is_open == true, "the WebSocket was cut");
        let status = self.run(FETCH)?;
        ensure!(status == 200, "{status}");
        Ok(())
    }

    /// Waits until the page, which nobody touches, has lost its access to a revocation.
    ///
    /// # Errors
    /// When it does not, or for another reason.
    pub fn loses_access(&self) -> Result<()> {
        let code = self.run("window.cut")?;
        ensure!(code == CUT, "{code}");
        // The worker that carries fetches may be a moment behind the one that cut the WebSocket.
        self.wait_for(&format!("{FETCH}.then((status) => status === 401)"))?;
        let reason =
            "fetch('/api/time').then((answer) => answer.json()).then(({ reason }) => reason)";
        let reason = self.run(reason)?;
        ensure!(reason == "session_revoked", "{reason}");
        Ok(())
    }
}
