//! The dashboard in Chromium, through Envoy and TLS.

mod first_look;
mod keyboard;
mod looks;
mod revoke;
mod settings;
mod states;
mod stopped_proxy;

use anyhow::Result;
use portcullis_demo::control::User;
use portcullis_e2e::chromium::Tab;
use portcullis_e2e::{Stand, stand};

/// A path of the dashboard.
pub fn at(stand: &Stand, path: &str) -> String {
    format!("{}/dashboard{path}", stand.deployment.team_domain())
}

/// A user with a role who has signed in at the dashboard's first page, in this tab.
pub fn sign_in_as(role: &str, tab: &Tab) -> Result<User> {
    sign_in_at(stand()?, role, tab)
}

/// The same at a stand of one's own.
pub fn sign_in_at(stand: &Stand, role: &str, tab: &Tab) -> Result<User> {
    let user = stand.user()?;
    stand.deployment.control.give_role(&user.email, role)?;
    tab.open(&at(stand, ""))?;
    tab.sign_in(&user)?;
    tab.wait_for_heading("Home")?;
    Ok(user)
}
