//! The feed as a VM of a process follows it: one of them polls, the others take over what came.
//! Without shared data every VM polls for itself.

use super::follower::{FeedAnswer, Follower, FollowerSettings, Poll, Progress, wait_s};
use super::shared::{GONE_MS, Scope, SharedData, Sharing, Turn};
use super::store::{FeedError, Store};
use crate::session::revocations::Fingerprints;

/// How long a poll for a page that only later VMs read may take, in milliseconds.
const REFILL_TIMEOUT_MS: u64 = 10_000;
/// After this beyond its timeout it counts as lost.
const LOST_MS: u64 = 2_000;
/// How long a VM may judge without a look: well before the others take it for gone.
const OUT_OF_TOUCH_MS: u64 = GONE_MS / 2;

/// The feed of one configuration in one VM.
pub struct Feed {
    settings: FollowerSettings,
    follower: Follower,
    sharing: Option<Sharing>,
    /// Until when a page of a refill is awaited.
    refilling_until: Option<u64>,
    /// When it last looked at what the others did.
    looked: u64,
}

/// Figures for the host's metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedGauges {
    /// The lowest version that a VM holds; 0 before the first snapshot.
    pub version: u64,
    /// Seconds since the least recent of the VMs' last good polls.
    pub age_seconds: u64,
    /// Revocations held.
    pub entries: u64,
}

impl Feed {
    /// A feed that is not shared.
    #[must_use]
    pub fn new(settings: FollowerSettings) -> Self {
        Self {
            follower: Follower::new(settings.clone()),
            settings,
            sharing: None,
            refilling_until: None,
            looked: 0,
        }
    }

    /// Shares it from now on, and takes over what is there already.
    pub fn share(&mut self, data: Box<dyn SharedData>, scope: &Scope<'_>, now: u64) -> Progress {
        self.looked = now;
        let vm = self.settings.instance.clone();
        let wait_s = wait_s(self.settings.stale_after_ms);
        let sharing = Sharing::new(data, scope, vm, wait_s);
        let fingerprints = Fingerprints::of_credential(scope.credential);
        self.follower = Follower::among(self.settings.clone(), fingerprints);
        self.sharing.insert(sharing).warm(&mut self.follower, now)
    }

    /// What is in force; `None` until the first snapshot is whole.
    #[must_use]
    pub fn store(&self) -> Option<&Store> {
        self.follower.store()
    }

    /// Whether the feed has been silent for too long.
    #[must_use]
    pub fn is_stale(&self, now: u64) -> bool {
        self.follower.is_stale(now)
    }

    /// Polls that failed so far.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.follower.errors()
    }

    /// Whether the VM has nothing yet and is about to take over what others fetched.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        let sharing = self.sharing.as_ref();
        sharing.is_some_and(|sharing| sharing.is_loading(&self.follower))
    }

    /// Whether the VM stood still for so long that the others may no longer wait for it: what they
    /// told as applied everywhere may be what it lacks. It must look before it judges.
    #[must_use]
    pub fn is_out_of_touch(&self, now: u64) -> bool {
        self.sharing.is_some() && now.abs_diff(self.looked) >= OUT_OF_TOUCH_MS
    }

    /// Takes over what other VMs fetched since.
    ///
    /// # Errors
    /// [`FeedError::Shared`]; the VM polls for itself then.
    pub fn look(&mut self, now: u64, random: u32) -> Result<Progress, FeedError> {
        self.looked = now;
        self.tell_time(now);
        let Some(sharing) = &mut self.sharing else {
            return Ok(Progress::Unchanged);
        };
        let looked = sharing.look(&mut self.follower, (now, random));
        looked.map_err(FeedError::Shared)
    }

    /// The poll that is due, if one is and this VM is the one that polls.
    pub fn poll(&mut self, now: u64, random: u32) -> Option<Poll> {
        self.tell_time(now);
        let sharing = match &mut self.sharing {
            Some(sharing) if !self.follower.is_polling() => sharing,
            _ => return self.follower.poll(now, random),
        };
        let refill_lost = now + REFILL_TIMEOUT_MS + LOST_MS;
        self.refilling_until = self.refilling_until.map(|until| until.min(refill_lost));
        match self.refilling_until {
            Some(until) if now < until => return None,
            Some(_) => sharing.refilled(None, &self.follower, now),
            None => {}
        }
        self.refilling_until = None;
        match sharing.turn(&self.follower, now) {
            Turn::Wait => None,
            Turn::Alone => {
                self.follower.speak_for(None);
                self.follower.poll(now, random)
            }
            Turn::ForAll(all) => {
                self.follower.speak_for(Some(all));
                self.follower.poll(now, random)
            }
            Turn::Refill(query) => {
                self.refilling_until = Some(refill_lost);
                Some(Poll {
                    query,
                    timeout_ms: REFILL_TIMEOUT_MS,
                })
            }
        }
    }

    /// Takes the answer of a poll.
    ///
    /// # Errors
    /// The page was dropped, or there was none; the next poll comes after a pause.
    pub fn answered(
        &mut self,
        now: u64,
        random: u32,
        answer: FeedAnswer<'_>,
    ) -> Result<Progress, FeedError> {
        self.tell_time(now);
        let Some(sharing) = &mut self.sharing else {
            return self.follower.answered(now, random, answer);
        };
        if self.refilling_until.take().is_some() {
            let page = (answer.status == Some(200)).then_some(answer.body);
            sharing.refilled(page, &self.follower, now);
            return Ok(Progress::Unchanged);
        }
        if !self.follower.is_polling() {
            // What it asked for has come by another way.
            return Ok(Progress::Unchanged);
        }
        let progress = self.follower.answered(now, random, answer)?;
        sharing.tell(&self.follower, (progress, answer.body), (now, random));
        Ok(progress)
    }

    /// The configuration goes: another VM takes over at once.
    pub fn leave(&mut self, now: u64) {
        if let Some(sharing) = &mut self.sharing {
            sharing.leave(now);
        }
    }

    fn tell_time(&mut self, now: u64) {
        let back = self.follower.tell_time(now);
        if let Some(sharing) = &mut self.sharing {
            sharing.set_back(back);
        }
    }

    /// Figures of all VMs together, if it is this one's to tell them.
    pub fn gauges(&mut self, now: u64) -> Option<FeedGauges> {
        let store = self.follower.store();
        let entries = store.map_or(0, |store| store.revocations().len());
        let own = FeedGauges {
            version: store.map_or(0, Store::version),
            age_seconds: store.map_or(0, |_| self.follower.age_ms(now) / 1_000),
            entries: u64::try_from(entries).unwrap_or(u64::MAX),
        };
        let sharing = match &mut self.sharing {
            Some(sharing) if !sharing.is_broken(now) => sharing,
            _ => return Some(own),
        };
        let all = sharing.all(&self.follower, now)?;
        Some(FeedGauges {
            version: match all.applied {
                Some(_) if all.empty => 0,
                Some(version) => version,
                None => 0,
            },
            age_seconds: all
                .applied
                .map_or(0, |_| now.saturating_sub(all.good) / 1_000),
            ..own
        })
    }
}
