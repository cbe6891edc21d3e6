//! Two Envoys, and the keys of their control service.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::envoy::DRAIN;
use portcullis_demo::wait;
use portcullis_e2e::tokens::{token, unverified};
use portcullis_e2e::{Application, Stand, bootstrap, directories};
use serde::Deserialize;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(20);
const ENVOYS: usize = 2;
/// A little longer than a key is published before it signs, in seconds.
const PUBLISHED: i64 = 61;

/// A key, as `key list` shows it.
#[derive(Debug, Deserialize)]
struct Key {
    kid: String,
    state: String,
}

#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Rotated {
    kid: String,
    version: u64,
}

#[derive(Deserialize)]
struct Proxy {
    instance: String,
    version: u64,
}

/// Two Envoys, and a control service whose clock is behind and comes nearer with each rotation:
/// tokens from the past are good, those from the future are not.
pub struct Scene {
    pub stand: Stand,
    behind: Cell<i64>,
}

/// The key that signed a browser's token.
pub fn kid(browser: &Browser, application: &Application) -> Result<String> {
    let (header, _) = unverified(&token(browser, application)?.value)?;
    Ok(header["kid"].as_str().context("no kid")?.to_owned())
}

impl Scene {
    /// Starts it, for at most so many rotations.
    pub fn start(name: &str, rotations: i64) -> Result<Self> {
        let directory = directories::of_stand(name)?;
        let stand = Stand::start_two(&directory, DRAIN, |yaml, _| {
            bootstrap::with_quiet_listener(yaml)
        })?;
        let scene = Self {
            stand,
            behind: Cell::new(rotations * PUBLISHED),
        };
        scene.shift()?;
        // What they reported before is from the future now, and newer than all that they report.
        for proxy in scene.proxies()? {
            let control = &scene.stand.deployment.control;
            control.command::<Value>(&["proxy", "forget", &proxy.instance])?;
        }
        Ok(scene)
    }

    /// Replaces the signing key by one of an algorithm; the new key's id.
    pub fn rotate(&self, algorithm: &str) -> Result<String> {
        let new = self.publish(algorithm)?;
        self.pass_time()?;
        self.until_signs(&new)?;
        Ok(new)
    }

    /// Makes a key, and waits until both proxies have it; its id.
    pub fn publish(&self, algorithm: &str) -> Result<String> {
        let control = &self.stand.deployment.control;
        let rotated: Rotated = control.command(&["key", "rotate", "--algorithm", algorithm])?;
        wait::until("both proxies to have the key", LIMIT, || {
            let proxies = self.proxies()?;
            let have = |proxy: &Proxy| proxy.version >= rotated.version;
            Ok((proxies.len() == ENVOYS && proxies.iter().all(have)).then_some(()))
        })?;
        ensure!(self.state(&rotated.kid)? == "published");
        Ok(rotated.kid)
    }

    /// Lets the time pass for which a key is published before it signs. A sign-in in progress would
    /// fail: its code lasts no longer.
    pub fn pass_time(&self) -> Result<()> {
        self.behind.set(self.behind.get() - PUBLISHED);
        self.shift()
    }

    /// Waits until a key signs.
    pub fn until_signs(&self, kid: &str) -> Result<()> {
        wait::until("the key to sign", LIMIT, || {
            Ok((self.state(kid)? == "signing").then_some(()))
        })
    }

    /// A key's state.
    pub fn state(&self, kid: &str) -> Result<String> {
        let keys: Items<Key> = self.stand.deployment.control.command(&["key", "list"])?;
        let key = keys.items.into_iter().find(|key| key.kid == kid);
        Ok(key.context("no such key")?.state)
    }

    /// Refuses a key, and waits until every proxy has applied that.
    pub fn refuse(&self, kid: &str) -> Result<Value> {
        let control = &self.stand.deployment.control;
        control.command(&["key", "refuse", kid, "--wait"])
    }

    fn proxies(&self) -> Result<Vec<Proxy>> {
        let proxies: Items<Proxy> = self.stand.deployment.control.command(&["proxy", "list"])?;
        Ok(proxies.items)
    }

    fn shift(&self) -> Result<()> {
        let seconds = (-self.behind.get()).to_string();
        let control = &self.stand.deployment.control;
        control.command::<Value>(&["test-clock", &seconds])?;
        Ok(())
    }
}
