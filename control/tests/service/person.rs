//! A person with a browser between the filter core and the team domain, who notices what they
//! are shown, and whether they are asked to sign in.

use portcullis::filter::{Changes, Effect};
use portcullis::reply::Reply;
use reqwest::{Response, StatusCode};

use crate::browser::Browser;
use crate::gate::{Gate, Jar, Kind};
use crate::harness::{Service, TEAM_DOMAIN, WIKI};

const MAX_HOPS: usize = 8;

/// Everything between a person and the wiki.
pub struct Scene {
    pub service: Service,
    pub gate: Gate,
    pub email: &'static str,
    pub password: String,
}

/// A browser's cookies.
#[derive(Clone, Default)]
pub struct Person {
    pub wiki: Jar,
    pub team: Browser,
}

/// What a request ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// The wiki; by a new token if `renewed`, over the team domain if `through_team_domain`.
    Wiki {
        renewed: bool,
        through_team_domain: bool,
    },
    /// The sign-in form, at this path of the team domain.
    Form(String),
    /// A page of the team domain that refuses.
    TeamDomain(StatusCode),
    /// The filter's own answer.
    Filter(u16, &'static str),
}

impl Person {
    /// What a page load ends in; the form is only looked at.
    pub async fn opens(&mut self, scene: &mut Scene) -> Seen {
        self.follow(scene, "/page".to_owned(), false).await
    }

    /// Opens a page, and signs in if asked. Whether they were asked.
    pub async fn gets_in(&mut self, scene: &mut Scene) -> bool {
        let form = match self.opens(scene).await {
            Seen::Wiki { .. } => return false,
            Seen::Form(path) => path,
            other => panic!("neither in nor asked: {other:?}"),
        };
        let who = (scene.email, scene.password.as_str());
        let back = self.team.sign_in(&scene.service, &form, who).await;
        let callback = callback(&back).unwrap();
        let seen = self.follow(scene, callback, true).await;
        assert!(matches!(seen, Seen::Wiki { .. }), "{seen:?}");
        true
    }

    /// What a script's request ends in.
    pub async fn asks(&mut self, scene: &mut Scene) -> Seen {
        let what = (Kind::SubRequest, "/data");
        match scene.gate.request(&scene.service, what, &self.wiki).await {
            Effect::Continue(changes) => self.arrive(scene, &changes, false),
            Effect::Reply(reply) => Seen::Filter(reply.status, reply.reason),
            other => panic!("{other:?}"),
        }
    }

    async fn follow(&mut self, scene: &mut Scene, mut path: String, mut through: bool) -> Seen {
        for _ in 0..MAX_HOPS {
            let what = (Kind::Navigation, path.as_str());
            let reply = match scene.gate.request(&scene.service, what, &self.wiki).await {
                Effect::Continue(changes) => return self.arrive(scene, &changes, through),
                Effect::Reply(reply) => reply,
                other => panic!("{other:?}"),
            };
            let Some(location) = self.redirect(scene, &reply) else {
                return Seen::Filter(reply.status, reply.reason);
            };
            path = match location.strip_prefix(TEAM_DOMAIN) {
                None => location.strip_prefix(WIKI).unwrap().to_owned(),
                Some(login) => {
                    through = true;
                    let response = self.team.get(&scene.service, login).await;
                    match callback(&response) {
                        Some(callback) => callback,
                        None if response.status() == StatusCode::OK => {
                            return Seen::Form(login.to_owned());
                        }
                        None => return Seen::TeamDomain(response.status()),
                    }
                }
            };
        }
        panic!("it goes round in circles, at {path}");
    }

    fn arrive(&mut self, scene: &Scene, changes: &Changes, through_team_domain: bool) -> Seen {
        assert!(changes.identity.is_some());
        for cookie in &changes.response.set_cookies {
            self.wiki.take(cookie, scene.service.clock.seconds());
        }
        Seen::Wiki {
            renewed: !changes.response.set_cookies.is_empty(),
            through_team_domain,
        }
    }

    fn redirect(&mut self, scene: &Scene, reply: &Reply) -> Option<String> {
        let mut location = None;
        for (name, value) in &reply.headers {
            match *name {
                "set-cookie" => self.wiki.take(value, scene.service.clock.seconds()),
                "location" => location = Some(value.clone()),
                _ => {}
            }
        }
        location
    }
}

/// Where the team domain sends the browser back to.
fn callback(response: &Response) -> Option<String> {
    let location = response.headers().get("location")?.to_str().unwrap();
    Some(location.strip_prefix(WIKI).unwrap().to_owned())
}
