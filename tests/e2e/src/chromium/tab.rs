//! A tab.

use anyhow::{Context, Result, bail, ensure};
use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
    SetScriptExecutionDisabledParams, SetTimezoneOverrideParams,
};
use chromiumoxide::cdp::browser_protocol::page::{
    AddScriptToEvaluateOnNewDocumentParams, GetAppManifestParams, NavigateParams, ReloadParams,
    SetBypassCspParams, TransitionType,
};
use chromiumoxide::cdp::browser_protocol::security::SetIgnoreCertificateErrorsParams;
use chromiumoxide::cdp::browser_protocol::target::{SetAutoAttachParams, TargetId};
use chromiumoxide::cdp::js_protocol::runtime::EvaluateParams;
use chromiumoxide::page::{Page, ScreenshotParams};
use portcullis_demo::wait;
use serde_json::Value;

use super::{Chromium, LIMIT};

/// Keeps what a document's own policy forbade it.
const NOTE_VIOLATIONS: &str = r#"
    window.__violations = [];
    addEventListener("securitypolicyviolation", (event) =>
        __violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"#;

/// A tab.
pub struct Tab {
    pub(super) chromium: &'static Chromium,
    pub(super) page: Page,
}

impl Tab {
    pub(super) fn new(chromium: &'static Chromium, page: Page) -> Result<Self> {
        let tab = Self { chromium, page };
        // Else service workers wait for a debugger that never comes.
        let alone = SetAutoAttachParams::builder()
            .auto_attach(false)
            .wait_for_debugger_on_start(false)
            .flatten(true)
            .build()
            .map_err(anyhow::Error::msg)?;
        tab.wait(tab.page.execute(alone))?;
        let note = AddScriptToEvaluateOnNewDocumentParams::new(NOTE_VIOLATIONS);
        tab.wait(tab.page.execute(note))?;
        Ok(tab)
    }

    /// Opens an address as if it were typed, and waits until the page is there.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn open(&self, url: &str) -> Result<()> {
        let mut typed = NavigateParams::new(url);
        typed.transition_type = Some(TransitionType::Typed);
        let answer = self.wait(self.page.execute(typed));
        let answer = answer.with_context(|| format!("cannot open {url}"))?;
        match &answer.result.error_text {
            Some(error) => bail!("cannot open {url}: {error}"),
            // The answer has begun to come; scripts of tests need something to stand on.
            None => self.wait_for("document.body !== null"),
        }
    }

    /// Runs an expression in the page; of a promise, waits for the value.
    ///
    /// # Errors
    /// When it throws, or the page goes away meanwhile.
    pub fn run(&self, expression: &str) -> Result<Value> {
        let params = EvaluateParams::builder()
            .expression(expression)
            .await_promise(true)
            .return_by_value(true)
            .user_gesture(true)
            .build()
            .map_err(anyhow::Error::msg)?;
        let answer = self.wait(self.page.execute(params))?.result;
        if let Some(thrown) = answer.exception_details {
            bail!("{expression} threw {thrown:?}");
        }
        Ok(answer.result.value.unwrap_or_default())
    }

    /// Loads the page again, as a person does who confirms that its form is sent again.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn reload(&self) -> Result<()> {
        self.wait(self.page.execute(ReloadParams::default()))?;
        Ok(())
    }

    /// Waits until an expression is true in the page that the tab then shows.
    ///
    /// # Errors
    /// When it does not become true, with what the page says.
    pub fn wait_for(&self, expression: &str) -> Result<()> {
        let what = format!("`{expression}`");
        wait::until(&what, LIMIT, || {
            // A page that is going away cannot answer; the next one will.
            let value = self.run(expression).unwrap_or_default();
            Ok((value == Value::Bool(true)).then_some(()))
        })
        .with_context(|| self.description())
    }

    /// Waits until the tab has come to an address and has loaded the page.
    ///
    /// # Errors
    /// When it does not.
    pub fn arrive(&self, url: &str) -> Result<()> {
        let url = Value::from(url);
        self.wait_for(&format!(
            "location.href === {url} && document.readyState === 'complete'"
        ))
    }

    /// Waits until the page's heading is this.
    ///
    /// # Errors
    /// When it does not become so.
    pub fn wait_for_heading(&self, heading: &str) -> Result<()> {
        let heading = Value::from(heading);
        self.wait_for(&format!(
            "document.readyState === 'complete' \
             && document.querySelector('h1')?.innerText.startsWith({heading}) === true"
        ))
    }

    /// The page's text.
    ///
    /// # Errors
    /// When the page goes away meanwhile.
    pub fn text(&self) -> Result<String> {
        let text = self.run("document.body.innerText")?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// The address that the tab shows.
    ///
    /// # Errors
    /// When the page goes away meanwhile.
    pub fn location(&self) -> Result<String> {
        let location = self.run("location.href")?;
        Ok(location.as_str().unwrap_or_default().to_owned())
    }

    /// Saves what the tab shows, and checks that the page kept to its own policy.
    ///
    /// # Errors
    /// When it did not.
    pub fn screenshot(&self, name: &str) -> Result<()> {
        let params = ScreenshotParams::builder().build();
        let picture = self.wait(self.page.screenshot(params))?;
        let file = self.chromium.screenshots.join(format!("{name}.png"));
        std::fs::write(file, picture)?;
        let violations = self.violations()?;
        ensure!(violations.is_empty(), "{name}: {violations:?}");
        Ok(())
    }

    /// Shows pages as to a reader in a time zone.
    ///
    /// # Errors
    /// When Chromium does not know the zone.
    pub fn move_to_time_zone(&self, zone: &str) -> Result<()> {
        self.wait(self.page.execute(SetTimezoneOverrideParams::new(zone)))?;
        Ok(())
    }

    /// Shows pages as on a screen of this size, in CSS pixels, in a colour scheme.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn look(&self, (width, height): (i64, i64), scheme: &str) -> Result<()> {
        let screen = SetDeviceMetricsOverrideParams::new(width, height, 1.0, false);
        self.wait(self.page.execute(screen))?;
        let feature = MediaFeature::new("prefers-color-scheme", scheme);
        let media = SetEmulatedMediaParams::builder().feature(feature).build();
        self.wait(self.page.execute(media))?;
        Ok(())
    }

    /// Runs no scripts from now on, as in a browser where they are switched off.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn switch_scripts_off(&self) -> Result<()> {
        let off = SetScriptExecutionDisabledParams::new(true);
        self.wait(self.page.execute(off))?;
        Ok(())
    }

    /// Sets the policies of pages that are opened from now on aside, or lets them count again.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn set_policy_aside(&self, aside: bool) -> Result<()> {
        self.wait(self.page.execute(SetBypassCspParams::new(aside)))?;
        Ok(())
    }

    /// Takes the certificate of a stand that Chromium does not know.
    ///
    /// # Errors
    /// When Chromium refuses.
    pub fn take_any_certificate(&self) -> Result<()> {
        let any = SetIgnoreCertificateErrorsParams::new(true);
        self.wait(self.page.execute(any))?;
        Ok(())
    }

    /// Comes back to the tab from another one.
    ///
    /// # Errors
    /// When the tab has been closed.
    pub fn come_back(&self) -> Result<()> {
        self.wait(self.page.bring_to_front())?;
        Ok(())
    }

    /// Fetches the page's manifest, as installing it would.
    ///
    /// # Errors
    /// When Chromium does not try.
    pub fn fetch_manifest(&self) -> Result<()> {
        self.wait(self.page.execute(GetAppManifestParams::default()))?;
        Ok(())
    }

    /// What the document's own Content Security Policy forbade it.
    ///
    /// # Errors
    /// When the page goes away meanwhile.
    pub fn violations(&self) -> Result<Vec<String>> {
        Ok(serde_json::from_value(self.run("window.__violations")?)?)
    }

    pub(super) fn id(&self) -> &TargetId {
        self.page.target_id()
    }

    pub(super) fn wait<T, E>(&self, answer: impl Future<Output = Result<T, E>>) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        Ok(self.chromium.runtime.block_on(answer)?)
    }

    fn description(&self) -> String {
        let location = self.location().unwrap_or_default();
        let text = self.text().unwrap_or_default();
        format!("the tab shows {location}: {text}")
    }
}
