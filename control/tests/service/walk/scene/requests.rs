//! Requests to the filter cores, driven through their callouts to the end.

use portcullis::filter::{CallAnswer, Effect};
use portcullis::reply::Reply;

use super::super::seen::{Given, Seen};
use super::super::step::{Kind, Requests, VMS, VmNumber};
use super::{ORIGINS, Scene, page};

/// A request of one browser to one VM.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub browser: usize,
    pub application: usize,
    pub vm: VmNumber,
    pub kind: Kind,
    pub method: &'a str,
    pub path: &'a str,
}

impl Scene {
    /// Requests that are all under way before the first is answered.
    pub async fn requests(&mut self, requests: &Requests) -> Vec<Seen> {
        let path = page(requests.application);
        let each = requests.each.iter().map(|(vm, kind)| Request {
            browser: requests.browser,
            application: requests.application,
            vm: *vm,
            kind: *kind,
            method: match kind {
                Kind::FormPost => "POST",
                _ => "GET",
            },
            path: &path,
        });
        let each: Vec<Request<'_>> = each.collect();
        let mut effects = Vec::new();
        for (stream, request) in (1..).zip(&each) {
            effects.push(self.begin(stream, *request));
        }
        self.meanwhile(requests, false).await;
        for vm in 0..VMS {
            self.refresh(vm, requests.lost).await;
        }
        self.meanwhile(requests, true).await;
        let mut seen = Vec::new();
        for ((stream, effect), request) in (1..).zip(effects).zip(each) {
            let effect = match effect {
                Effect::AwaitRoot => self.wake(stream, request.vm),
                done => done,
            };
            seen.push(self.seen(request, effect).0);
            self.end(stream, request.vm);
        }
        seen
    }

    /// A request alone, and where it leads.
    pub async fn request(&mut self, request: Request<'_>) -> (Seen, Option<String>) {
        const STREAM: u32 = 1;
        let mut effect = self.begin(STREAM, request);
        if matches!(effect, Effect::AwaitRoot) {
            self.refresh(request.vm, false).await;
            effect = self.wake(STREAM, request.vm);
        }
        if let Effect::Call(call) = effect {
            let gate = &mut self.gates[request.vm];
            let service = self.service.as_ref().unwrap();
            let name = call.name;
            let answer = gate.call(service, call).await;
            if name == "exchange" {
                self.numbers.note(&answer);
            }
            effect = gate.at(service, |filter, moment| {
                let answer = CallAnswer {
                    status: Some(answer.0),
                    body: &answer.1,
                };
                filter.answered(STREAM, answer, moment).unwrap()
            });
        }
        self.end(STREAM, request.vm);
        self.seen(request, effect)
    }

    fn begin(&mut self, stream: u32, request: Request<'_>) -> Effect {
        let host = ORIGINS[request.application];
        let cookies = self.browsers[request.browser].header(host, self.now());
        let mut fields = vec![
            (":method", request.method),
            (":scheme", "https"),
            (":authority", host.trim_start_matches("https://")),
            (":path", request.path),
            ("sec-fetch-site", "same-origin"),
        ];
        fields.extend(match request.kind {
            Kind::Navigation | Kind::FormPost => [
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            Kind::SubRequest => [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
            Kind::WebSocket => [("upgrade", "websocket"), ("connection", "upgrade")],
        });
        if !cookies.is_empty() {
            fields.push(("cookie", &cookies));
        }
        let service = self.service.as_ref().unwrap();
        let has_body = request.kind == Kind::FormPost;
        self.gates[request.vm].begin(service, stream, (&fields, has_body))
    }

    /// One call at most, however many requests wait.
    async fn refresh(&mut self, vm: VmNumber, lost: bool) {
        let service = self.service.as_ref().unwrap();
        let gate = &mut self.gates[vm];
        let mut calls = gate.at(service, |filter, moment| filter.root_calls(moment.now));
        assert!(calls.len() <= 1, "more than one call for one token");
        let Some(due) = calls.pop() else {
            return;
        };
        let answer = gate.call(service, due.call).await;
        self.numbers.note(&answer);
        gate.at(service, |filter, moment| {
            let answer = match lost {
                true => CallAnswer::none(),
                false => CallAnswer {
                    status: Some(answer.0),
                    body: &answer.1,
                },
            };
            filter.root_call_answered(due.id, answer, moment.now);
        });
    }

    fn wake(&mut self, stream: u32, vm: VmNumber) -> Effect {
        let service = self.service.as_ref().unwrap();
        self.gates[vm].at(service, |filter, moment| {
            assert!(filter.due(moment.now).contains(&stream));
            filter.wake(stream, moment).unwrap()
        })
    }

    fn end(&mut self, stream: u32, vm: VmNumber) {
        let service = self.service.as_ref().unwrap();
        self.gates[vm].at(service, |filter, _| filter.forget(stream));
    }

    async fn meanwhile(&mut self, requests: &Requests, after_answer: bool) {
        if let Some(meanwhile) = &requests.meanwhile
            && meanwhile.after_answer == after_answer
        {
            self.change(&meanwhile.change).await;
            for (vm, hears) in meanwhile.heard_by.into_iter().enumerate() {
                if hears {
                    assert!(self.poll(vm).await.0, "a poll is due after a pause");
                }
            }
        }
    }

    /// What the browser sees, and where it is sent.
    fn seen(&mut self, request: Request<'_>, effect: Effect) -> (Seen, Option<String>) {
        match effect {
            Effect::Continue(changes) => {
                let identity = changes.identity.as_ref().unwrap();
                let of_token = self.numbers.claims(identity.token());
                assert_eq!(of_token.application, request.application);
                let seen = match self.takes(request, &changes.response.set_cookies) {
                    Some(given) => Seen::Renewed(given),
                    None => Seen::In,
                };
                (seen, None)
            }
            Effect::Reply(reply) => self.seen_of_reply(request, &reply),
            other => panic!("{other:?}"),
        }
    }

    fn seen_of_reply(&mut self, request: Request<'_>, reply: &Reply) -> (Seen, Option<String>) {
        let all = |wanted: &'static str| {
            let headers = reply
                .headers
                .iter()
                .filter(move |(name, _)| *name == wanted);
            headers.map(|(_, value)| value.clone())
        };
        let location = all("location").next();
        let cookies: Vec<String> = all("set-cookie").collect();
        let given = self.takes(request, &cookies);
        let seen = match (given, reply.status) {
            (Some(given), 302) => Seen::LetIn(given),
            (None, 302) => Seen::ToTeamDomain(reply.reason.to_owned()),
            (None, 400) if ["code_unknown", "session_ended"].contains(&reply.reason) => {
                Seen::Filter(400, "start_again".to_owned())
            }
            (None, status) => Seen::Filter(status, reply.reason.to_owned()),
            (Some(_), status) => panic!("cookies with status {status}"),
        };
        (seen, location)
    }

    /// Takes cookies, which must be this application's own, and all that come with a token.
    fn takes(&mut self, request: Request<'_>, lines: &[String]) -> Option<Given> {
        let (browser, application) = (request.browser, request.application);
        let (host, now) = (ORIGINS[application], self.now());
        let names = self.numbers.cookie_names(application);
        let mut given: Option<Given> = None;
        let mut binding = false;
        for line in lines {
            let name = self.browsers[browser].take(host, line, now);
            let is_removal = line.contains("Max-Age=0");
            if name == names[0] && !is_removal {
                let token = line.split(['=', ';']).nth(1).unwrap();
                given = Some(Given {
                    claims: self.numbers.claims(token),
                    http_only: line.contains("HttpOnly"),
                    binding: false,
                });
            } else if name == names[1] && !is_removal {
                binding = true;
            } else {
                let shared = ["__Host-access_login_", "__Host-access_returns"];
                let is_shared = shared.iter().any(|start| name.starts_with(start));
                let signs_out = is_removal && request.path == "/.access/logout";
                assert!(is_shared || signs_out, "another application's: {line}");
            }
        }
        if let Some(given) = &mut given {
            given.binding = binding;
        }
        assert!(given.is_some() || !binding, "a binding without its token");
        given
    }

    /// Sign-out at the hostname of an application.
    pub async fn sign_out(&mut self, browser: usize, application: usize, vm: VmNumber) -> Seen {
        let request = Request {
            browser,
            application,
            vm,
            kind: Kind::FormPost,
            method: "POST",
            path: "/.access/logout",
        };
        self.request(request).await.0
    }
}
