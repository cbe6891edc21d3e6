//! How soon after the click a revocation is shown as complete: two Envoys, and the event stream of the
//! page to which the click leads.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use portcullis_demo::tools::Tools;

use super::visitor::{Visitor, hidden};
use crate::plan::Plan;
use crate::real::{Scene, fill};
use crate::report::{Outcome, Report};

const KEY: &str = "dashboard.progress_p99_ms";
const ADMINISTRATOR: &str = "root@example.com";
/// A revocation that is not complete by then never will be.
const LIMIT: Duration = Duration::from_secs(10);
/// What the last event says.
const COMPLETE: &str = "\"complete\":true";

/// Clicks *Revoke existing tokens* again and again.
///
/// # Errors
/// When a part does not start, or a revocation does not become complete.
pub(super) fn measure(
    plan: Plan,
    tools: &Tools,
    directory: &Path,
    report: &mut Report,
) -> Result<()> {
    println!("starting the control service and two Envoys …");
    let mut scene = Scene::open(tools, directory)?;
    println!("filling the database with {} revocations …", plan.million);
    fill::revocations(&scene.database(), plan.million)?;
    scene.wait_for_entries(plan.million)?;
    let audience = scene.audience().to_owned();
    let administrator = scene.add_administrator(ADMINISTRATOR)?;
    let host = scene.team_authority();
    let mut visitor = Visitor::signed_in(scene.connect_to_team()?, &host, &administrator)?;
    println!("clicking {} times …", plan.clicks);
    let page = format!("/dashboard/applications/{audience}/revoke");
    let mut samples = Vec::new();
    for _ in 0..plan.clicks {
        samples.push(click(&scene, &mut visitor, &page)?);
    }
    report.keep("dashboard.progress", &samples)?;
    report.set(KEY, Outcome::p99(samples));
    Ok(())
}

/// Milliseconds from the answer to the form until the event stream says that all have it.
fn click(scene: &Scene, visitor: &mut Visitor, page: &str) -> Result<f64> {
    let (answer, text) = visitor.open(page)?;
    ensure!(
        answer.status == 200,
        "{page} was answered with {}",
        answer.status
    );
    let (_, form) = text.split_once("<main").context("no content")?;
    let (csrf_token, once) = (hidden(form, "csrf_token")?, hidden(form, "once")?);
    let form = format!("csrf_token={csrf_token}&once={once}&then=come_back");
    // A browser has a connection for its streams already.
    let mut stream = scene.connect_to_team()?;
    let answer = visitor.send(page, &form)?;
    let accepted = Instant::now();
    ensure!(
        answer.status == 303,
        "the form was answered with {}",
        answer.status
    );
    let shown = answer.header("location").context("no location")?;
    let answer = stream.begin(&visitor.request(&format!("{shown}/events")))?;
    ensure!(
        answer.status == 200,
        "the events were answered with {}",
        answer.status
    );
    let complete = stream.wait_for(COMPLETE, LIMIT)?;
    let complete = complete.context("the revocation does not become complete")?;
    Ok(complete.duration_since(accepted).as_secs_f64() * 1e3)
}
