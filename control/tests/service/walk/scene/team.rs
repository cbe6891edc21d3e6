//! A person with a browser, between the filter cores and the pages of the team domain.

use reqwest::{RequestBuilder, Response, StatusCode};

use super::super::seen::Seen;
use super::super::step::{HOPS, Kind, Route, Visit};
use super::browser::Form;
use super::requests::Request;
use super::{ORIGINS, Scene, email, page};
use crate::browser::{between, unescape};
use crate::harness::TEAM_DOMAIN;

const SESSION: &str = "__Host-access_session";

impl Scene {
    /// Opens a page, and follows where it leads.
    pub async fn visit(&mut self, visit: &Visit) -> Vec<Seen> {
        let path = page(visit.application);
        self.goes_on(visit, path, 0).await
    }

    async fn goes_on(&mut self, visit: &Visit, mut path: String, first: usize) -> Vec<Seen> {
        let (browser, application) = (visit.browser, visit.application);
        let mut trace = Vec::new();
        let mut hops = first..;
        loop {
            let hop = hops.next().unwrap();
            if hop >= HOPS && path == page(application) {
                trace.push(Seen::GivesUp);
                return trace;
            }
            let request = Request {
                browser,
                application,
                vm: visit.route.vm(hop),
                kind: Kind::Navigation,
                method: "GET",
                path: &path,
            };
            let (seen, location) = self.request(request).await;
            trace.push(seen);
            let Some(location) = location else {
                return trace;
            };
            if location.starts_with("/.access/login?again=1") {
                // It begins again, at most once: the core's tests have that. The walk ends here.
                if let Some(Seen::ToTeamDomain(reason)) = trace.pop() {
                    trace.push(Seen::Filter(400, reason));
                }
                return trace;
            }
            let Some(login) = location.strip_prefix(TEAM_DOMAIN) else {
                location
                    .strip_prefix(ORIGINS[application])
                    .unwrap()
                    .clone_into(&mut path);
                assert_eq!(path, page(application), "where the visit began");
                continue;
            };
            let response = self.team_get(browser, login).await;
            let (seen, callback) = self.seen_at_team(visit, response).await;
            trace.push(seen);
            match callback {
                None => return trace,
                Some(callback) if visit.stops => {
                    let browser = &mut self.browsers[browser];
                    (browser.form, browser.callback) = (None, Some((application, callback)));
                    return trace;
                }
                Some(callback) => path = callback,
            }
        }
    }

    pub async fn signs_in(&mut self, browser: usize, person: usize, route: Route) -> Vec<Seen> {
        let form = self.browsers[browser].form.take().unwrap();
        let email = email(person);
        let fields = [
            ("email", email.as_str()),
            ("password", &self.passwords[person]),
            ("csrf_token", &form.csrf_token),
        ];
        let service = self.service();
        let request = service.http.post(service.page(&form.action));
        let request = request
            .header("sec-fetch-site", "same-origin")
            .form(&fields);
        let response = self.team_send(browser, request).await;
        let visit = Visit {
            browser,
            application: form.application,
            route,
            stops: false,
        };
        let mut trace = Vec::new();
        if let Some(line) = session_cookie(&response) {
            let token = line.split(['=', ';']).nth(1).unwrap();
            let (session, claims) = self.numbers.session(token);
            trace.push(Seen::SignedIn {
                session,
                auth_ver: claims["auth_ver"].as_u64().unwrap(),
                ends: claims["exp"].as_u64().unwrap(),
            });
        }
        let (seen, callback) = self.seen_at_team(&visit, response).await;
        trace.push(seen);
        if let Some(callback) = callback {
            trace.extend(self.goes_on(&visit, callback, 0).await);
        }
        trace
    }

    pub async fn delivers(&mut self, browser: usize, route: Route) -> Vec<Seen> {
        let (application, callback) = self.browsers[browser].callback.take().unwrap();
        let visit = Visit {
            browser,
            application,
            route,
            stops: false,
        };
        self.goes_on(&visit, callback, 0).await
    }

    pub async fn sign_out_of_team_domain(&mut self, browser: usize) {
        let page = self.team_get(browser, "/logout").await;
        let page = page.text().await.unwrap();
        if !page.contains("csrf_token") {
            return;
        }
        let token = between(&page, "name=\"csrf_token\" value=\"", "\"");
        let service = self.service();
        let request = service.http.post(service.page("/logout"));
        let request = request.form(&[("csrf_token", token)]);
        let response = self.team_send(browser, request).await;
        assert_eq!(response.status(), StatusCode::OK);
    }

    /// What a page of the team domain is, and the callback that it leads to.
    async fn seen_at_team(&mut self, visit: &Visit, response: Response) -> (Seen, Option<String>) {
        if let Some(location) = response.headers().get("location") {
            let location = location.to_str().unwrap();
            let callback = location.strip_prefix(ORIGINS[visit.application]);
            return (Seen::Code, Some(callback.unwrap().to_owned()));
        }
        let status = response.status();
        let page = response.text().await.unwrap();
        if status != StatusCode::OK {
            return (Seen::TeamDomain(status.as_u16()), None);
        }
        let form = Form {
            application: visit.application,
            action: unescape(between(&page, "action=\"", "\"")),
            csrf_token: between(&page, "name=\"csrf_token\" value=\"", "\"").to_owned(),
        };
        assert!(page.contains("name=\"password\""));
        let browser = &mut self.browsers[visit.browser];
        (browser.form, browser.callback) = (Some(form), None);
        (Seen::Form, None)
    }

    async fn team_get(&mut self, browser: usize, path: &str) -> Response {
        let service = self.service();
        let request = service.http.get(service.page(path));
        self.team_send(browser, request).await
    }

    async fn team_send(&mut self, browser: usize, request: RequestBuilder) -> Response {
        let now = self.now();
        let browser = &mut self.browsers[browser];
        let cookies = browser.header(TEAM_DOMAIN, now);
        let response = request.header("cookie", cookies).send().await.unwrap();
        for line in response.headers().get_all("set-cookie") {
            browser.take(TEAM_DOMAIN, line.to_str().unwrap(), now);
        }
        response
    }
}

fn session_cookie(response: &Response) -> Option<String> {
    let lines = response.headers().get_all("set-cookie").iter();
    let mut lines = lines.map(|line| line.to_str().unwrap().to_owned());
    lines.find(|line| line.starts_with(SESSION))
}
