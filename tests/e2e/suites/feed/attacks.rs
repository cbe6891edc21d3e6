//! One attack after the other on the same filters.

use anyhow::{Context, Result, ensure};

use super::health::{Attacked, FILTERS};
use super::rows::{ATTACKS, Attack};

#[test]
fn whatever_comes_is_dropped_whole_and_the_filters_answer_on() -> Result<()> {
    let attacked = Attacked::start("feed")?;
    // So that the service's first page is an old one from now on.
    attacked.catches_up()?;
    for attack in ATTACKS {
        survive(&attacked, attack).with_context(|| format!("attacked by {}", attack.name))?;
    }
    Ok(())
}

fn survive(attacked: &Attacked, attack: &Attack) -> Result<()> {
    let before = attacked.settled()?;
    let under = attacked.attack(attack.misconduct, FILTERS)?;
    attacked
        .stand
        .admitted_by_workers(&attacked.good, &attacked.application)?;
    let polls = attacked.relay.polls();
    attacked.relay.behave();

    ensure!(
        (under.version, under.entries) == (before.version, before.entries),
        "the filters held {before:?} and hold {under:?}"
    );
    ensure!(
        under.vms == before.vms,
        "{:?} became {:?}",
        before.vms,
        under.vms
    );
    ensure!(polls <= attack.most_polls, "{polls} polls");
    attacked.catches_up()?;
    attacked
        .stand
        .admitted_by_workers(&attacked.good, &attacked.application)?;
    let after = attacked.health()?;
    ensure!(
        after.vms == before.vms,
        "{:?} became {:?}",
        before.vms,
        after.vms
    );
    attacked.no_panic()
}
