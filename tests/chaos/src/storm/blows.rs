//! What happens in a storm, one thing at a time.

use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Storm;

/// How long after a revocation was asked for the control service may be killed: before it hears
/// of it, while it writes, after it has answered.
const LONGEST_LIFE_MS: u64 = 30;

impl Storm<'_> {
    /// The version, if it was answered.
    pub(super) fn revoke(&mut self, email: &str) -> Result<Option<u64>> {
        let control = &self.site.stand.deployment.control;
        let output = control.prepare(&["revoke", "user", email]).output()?;
        self.note(&output)
    }

    fn note(&mut self, output: &Output) -> Result<Option<u64>> {
        if !output.status.success() {
            self.tally.unanswered += 1;
            return Ok(None);
        }
        let answer: Value = serde_json::from_slice(&output.stdout)?;
        let version = answer.get("version").and_then(Value::as_u64);
        let version = version.context("a revocation without version")?;
        ensure!(version > self.answered, "versions fall");
        self.answered = version;
        self.tally.revocations += 1;
        Ok(Some(version))
    }

    /// Kills the control service while it handles a revocation.
    pub(super) fn kill_control(&mut self) -> Result<()> {
        let control = &mut self.site.stand.deployment.control;
        let command = control
            .prepare(&["revoke", "user", &self.other.email])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        thread::sleep(Duration::from_millis(self.chance.u64(..LONGEST_LIFE_MS)));
        control.kill();
        let output = command.wait_with_output()?;
        control.restart()?;
        self.tally.control += 1;
        self.note(&output)?;
        Ok(())
    }

    pub(super) fn kill_envoy(&mut self, which: usize) -> Result<()> {
        let target = self.targets.get(which).context("no such Envoy")?;
        target.dies();
        self.site.kill_envoy(which)?;
        // It is gone for good, as only a person can know.
        self.forget_proxies(which)?;
        self.site.restart_envoy(which)?;
        target.lives(self.site.workers(which)?);
        self.tally.envoys += 1;
        Ok(())
    }

    fn forget_proxies(&self, which: usize) -> Result<()> {
        let control = &self.site.stand.deployment.control;
        let credential = self.site.credential(which)?;
        let list: Value = control.command(&["proxy", "list"])?;
        let items = list.get("items").and_then(Value::as_array);
        for proxy in items.into_iter().flatten() {
            let text = |name| proxy.get(name).and_then(Value::as_str).unwrap_or_default();
            if text("credential") == credential {
                control.command::<Value>(&["proxy", "forget", text("instance")])?;
            }
        }
        Ok(())
    }
}
