//! A visitor with a browser of their own: an incognito context of Chromium.

use anyhow::{Context, Result};
use chromiumoxide::cdp::browser_protocol::browser::{
    BrowserContextId, PermissionDescriptor, PermissionSetting, SetPermissionParams,
};
use chromiumoxide::cdp::browser_protocol::network;
use chromiumoxide::cdp::browser_protocol::storage::{
    ClearCookiesParams, GetCookiesParams, SetCookiesParams,
};
use chromiumoxide::cdp::browser_protocol::target::{
    CreateBrowserContextParams, CreateTargetParams,
};
use network::CookieParam;
pub use network::{Cookie, CookieSameSite as SameSite};

use super::{Chromium, Tab};

/// A visitor with cookies, storage and cache of their own, until dropped.
pub struct Visitor {
    chromium: &'static Chromium,
    context: BrowserContextId,
}

impl Visitor {
    pub(super) fn new(chromium: &'static Chromium) -> Result<Self> {
        let params = CreateBrowserContextParams::default();
        let made = chromium.browser.create_browser_context(params);
        Ok(Self {
            chromium,
            context: chromium.runtime.block_on(made)?,
        })
    }

    /// Another visitor with the same Chromium.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn another(&self) -> Result<Self> {
        Self::new(self.chromium)
    }

    /// A new tab, in a window of its own so that it is seen while others are.
    ///
    /// # Errors
    /// When Chromium does not open it.
    pub fn tab(&self) -> Result<Tab> {
        let params = CreateTargetParams::builder()
            .url("about:blank")
            .browser_context_id(self.context.clone())
            .new_window(true)
            .build()
            .map_err(anyhow::Error::msg)?;
        let page = self.chromium.browser.new_page(params);
        let page = self.chromium.runtime.block_on(page)?;
        Tab::new(self.chromium, page)
    }

    /// A tab that another one opened.
    ///
    /// # Errors
    /// When there is none yet.
    pub fn opened_by(&self, opener: &Tab) -> Result<Tab> {
        let pages = self.chromium.browser.pages();
        let pages = self.chromium.runtime.block_on(pages)?;
        let page = pages
            .into_iter()
            .find(|page| page.opener_id().as_ref() == Some(opener.id()));
        Tab::new(self.chromium, page.context("the tab has opened no other")?)
    }

    /// All cookies, including those hidden from scripts.
    ///
    /// # Errors
    /// When Chromium does not tell.
    pub fn cookies(&self) -> Result<Vec<Cookie>> {
        let params = GetCookiesParams::builder()
            .browser_context_id(self.context.clone())
            .build();
        let answer = self.chromium.browser.execute(params);
        Ok(self.chromium.runtime.block_on(answer)?.result.cookies)
    }

    /// A cookie of a host.
    ///
    /// # Errors
    /// When Chromium does not tell, or has none.
    pub fn cookie(&self, host: &str, name: &str) -> Result<Cookie> {
        let mut cookies = self.cookies()?.into_iter();
        cookies
            .find(|cookie| cookie.domain == host && cookie.name == name)
            .with_context(|| format!("no cookie {name} of {host}"))
    }

    /// Adds a cookie of a host, as a response of that host would.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn set_cookie(&self, host: &str, name: &str, value: &str) -> Result<()> {
        let cookie = CookieParam::builder()
            .url(format!("https://{host}/"))
            .name(name)
            .value(value)
            .path("/")
            .secure(true)
            .http_only(true)
            .build()
            .map_err(anyhow::Error::msg)?;
        let mut params = SetCookiesParams::new(vec![cookie]);
        params.browser_context_id = Some(self.context.clone());
        let answer = self.chromium.browser.execute(params);
        self.chromium.runtime.block_on(answer)?;
        Ok(())
    }

    /// Lets pages write to the clipboard and read from it.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn allow_to_paste(&self) -> Result<()> {
        for name in ["clipboard-read", "clipboard-write"] {
            let mut params = SetPermissionParams::new(
                PermissionDescriptor::new(name),
                PermissionSetting::Granted,
            );
            params.browser_context_id = Some(self.context.clone());
            let answer = self.chromium.browser.execute(params);
            self.chromium.runtime.block_on(answer)?;
        }
        Ok(())
    }

    /// Deletes a host's cookies whose names begin so; the answer is how many there were.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn forget(&self, tab: &Tab, host: &str, prefix: &str) -> Result<usize> {
        let is_meant = |cookie: &Cookie| cookie.domain == host && cookie.name.starts_with(prefix);
        let cookies = self.cookies()?;
        let meant = cookies.iter().filter(|cookie| is_meant(cookie));
        for cookie in meant.clone() {
            let params = network::DeleteCookiesParams::builder()
                .name(cookie.name.clone())
                .domain(host)
                .path("/")
                .build()
                .map_err(anyhow::Error::msg)?;
            tab.wait(tab.page.execute(params))?;
        }
        Ok(meant.count())
    }

    /// Deletes all cookies, as people do in their browser's settings.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn delete_cookies(&self) -> Result<()> {
        let params = ClearCookiesParams::builder()
            .browser_context_id(self.context.clone())
            .build();
        let answer = self.chromium.browser.execute(params);
        self.chromium.runtime.block_on(answer)?;
        Ok(())
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        let gone = self
            .chromium
            .browser
            .dispose_browser_context(self.context.clone());
        // Chromium ends with the process anyway.
        let _ = self.chromium.runtime.block_on(gone);
    }
}
