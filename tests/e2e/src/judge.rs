//! Pages judged by axe-core: in light and dark, on wide and on narrow screens.

use anyhow::{Context, Result, ensure};
use portcullis_demo::tools::Tools;

use crate::chromium::Tab;

/// Screens, in CSS pixels, and colour schemes.
const LOOKS: [((i64, i64), &str); 6] = [
    ((1280, 800), "light"),
    ((1280, 800), "dark"),
    ((390, 844), "light"),
    ((390, 844), "dark"),
    ((320, 640), "light"),
    ((320, 640), "dark"),
];
/// The rules of WCAG 2.2, levels A and AA, and good practice beside them; what is wrong, if
/// anything is.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => \
    violations.flatMap(({ id, nodes }) => \
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`)))";

/// Judges what a tab shows.
pub struct Judge {
    /// The tab.
    pub tab: Tab,
    axe: String,
}

impl Judge {
    /// For the pages of a tab.
    ///
    /// # Errors
    /// When axe-core is not there.
    pub fn new(tab: Tab) -> Result<Self> {
        let file = Tools::target()?.join("frameworks/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file)
            .with_context(|| format!("{}: run `make frameworks`", file.display()))?;
        Ok(Self { tab, axe })
    }

    /// Judges the page that the tab shows, whose heading is this. Keeps a picture of each look, as
    /// `page-<name>-<width>-<scheme>`.
    ///
    /// # Errors
    /// When axe-core finds something, or the page is wider than the screen.
    pub fn judge(&self, name: &str, heading: &str) -> Result<()> {
        self.tab.wait_for_heading(heading)?;
        self.tab.run(&format!("{}; 0", self.axe))?;
        for (screen, scheme) in LOOKS {
            self.tab.look(screen, scheme)?;
            let name = format!("page-{name}-{}-{scheme}", screen.0);
            let found: Vec<String> = serde_json::from_value(self.tab.run(RUN)?)?;
            ensure!(found.is_empty(), "{name}: {found:#?}");
            let fits = "document.documentElement.scrollWidth <= innerWidth";
            ensure!(
                self.tab.run(fits)? == true,
                "{name} is wider than the screen"
            );
            self.tab.screenshot(&name)?;
        }
        Ok(())
    }

    /// Opens a page and judges it.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn open(&self, url: &str, name: &str, heading: &str) -> Result<()> {
        self.tab.open(url)?;
        self.judge(name, heading)
    }

    /// The same for a page with Trusted Types, to which axe-core itself does not keep: it is opened under
    /// its policy, and once more without, to be judged.
    ///
    /// # Errors
    /// As [`Self::judge`], or when the page does not keep to its own policy.
    pub fn open_typed(&self, url: &str, name: &str, heading: &str) -> Result<()> {
        self.tab.open(url)?;
        self.tab.wait_for_heading(heading)?;
        let violations = self.tab.violations()?;
        ensure!(violations.is_empty(), "{name}: {violations:?}");
        self.tab.set_policy_aside(true)?;
        self.open(url, name, heading)?;
        self.tab.set_policy_aside(false)
    }
}
