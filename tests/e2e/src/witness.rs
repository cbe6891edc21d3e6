//! What every worker says to a session: "revoked" is shown by a refusal, not by a version.

use anyhow::{Context, Result, ensure};
use portcullis_demo::browser::Browser;
use portcullis_demo::wait;
use url::Url;

use crate::connection::Answer;
use crate::refusal::Refusal;
use crate::stand::REVOCATION_LIMIT;
use crate::{Application, Stand};

impl Stand {
    /// The answer of each worker to a sub-request with a browser's cookies.
    ///
    /// # Errors
    /// When one does not answer.
    pub fn ask_workers(
        &self,
        browser: &Browser,
        application: &Application,
        path: &str,
    ) -> Result<Vec<Answer>> {
        let url = Url::parse(&application.url(path))?;
        let cookies = browser.jar.header(&url);
        let line = cookies.map_or_else(String::new, |cookies| format!("Cookie: {cookies}\r\n"));
        let request = application.sub_request(path, &line);
        self.workers.each(|worker| worker.send(&request))
    }

    /// Waits until each worker refuses a browser's session, and checks that none lets it through
    /// to the origin from then on. The answer is the reason.
    ///
    /// # Errors
    /// When a worker still admits it, or the workers' reasons differ.
    pub fn refused_by_workers(
        &self,
        browser: &Browser,
        application: &Application,
    ) -> Result<String> {
        let what = format!("each worker to refuse at {}", application.name);
        wait::until(&what, REVOCATION_LIMIT, || {
            let answers = self.ask_workers(browser, application, "/api/time")?;
            let refused = answers.iter().all(|answer| answer.status != 200);
            Ok(refused.then_some(()))
        })?;
        let path = self.unique_path();
        let answers = self.ask_workers(browser, application, &path)?;
        let mut reasons = Vec::new();
        for answer in &answers {
            ensure!(answer.status == 401, "refused with {}", answer.status);
            reasons.push(Refusal::of_answer(answer)?.reason);
        }
        reasons.dedup();
        ensure!(reasons.len() == 1, "workers say {reasons:?}");
        ensure!(
            self.reached_origin(&path) == 0,
            "refused, but also let through"
        );
        reasons.pop().context("no worker")
    }

    /// Checks that each worker admits a browser's session.
    ///
    /// # Errors
    /// When one does not.
    pub fn admitted_by_workers(&self, browser: &Browser, application: &Application) -> Result<()> {
        for answer in self.ask_workers(browser, application, "/api/time")? {
            ensure!(
                answer.status == 200,
                "{} answered {}: {}",
                application.name,
                answer.status,
                String::from_utf8_lossy(&answer.body)
            );
        }
        Ok(())
    }
}
