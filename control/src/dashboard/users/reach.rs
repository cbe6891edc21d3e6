//! "Would get into", on the page of a user.

use crate::administration::policies::reach::{Reach, Reached};
use crate::dashboard::shown::Shown;
use crate::team_domain::page::time::ShownTime;

/// What every application says about the user.
pub struct ReachView {
    pub rows: Vec<ReachedView>,
    pub as_of: ShownTime,
    pub is_cut: bool,
}

/// What an application says.
pub struct ReachedView {
    pub audience: String,
    pub name: Shown,
    pub admitted: bool,
    pub rule: Option<Shown>,
}

impl ReachView {
    pub fn of(reach: &Reach) -> Self {
        Self {
            rows: reach.applications.iter().map(ReachedView::of).collect(),
            as_of: ShownTime::at(reach.as_of),
            is_cut: reach.is_cut,
        }
    }
}

impl ReachedView {
    fn of(reached: &Reached) -> Self {
        Self {
            audience: reached.audience.clone(),
            name: Shown::new(&reached.name),
            admitted: reached.admitted,
            rule: reached.rule.as_deref().map(Shown::new),
        }
    }
}
