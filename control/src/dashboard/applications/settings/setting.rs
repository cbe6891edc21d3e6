//! The settings of an application, as the page shows them: one table, which is read for the form, for
//! what was typed, and for merging.

/// A setting.
pub struct Setting {
    /// Its name, as in the configuration file.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// How it is set.
    pub kind: Kind,
    /// What it does.
    pub help: &'static str,
    /// When not to use it; may be empty.
    pub not_for: &'static str,
}

/// How a setting is set.
pub enum Kind {
    /// A line of text.
    Line,
    /// On or off.
    Switch,
    /// One of several.
    Choice(&'static [Choice]),
    /// Lines of text, in any number.
    Lines,
}

/// One of several values.
pub struct Choice {
    /// As in the configuration file.
    pub value: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What it does; may be empty.
    pub help: &'static str,
}

/// A part of the page: its title, and its settings.
pub type Part = (&'static str, &'static [Setting]);

/// All parts, in the order of the page.
pub const PARTS: &[Part] = &[
    ("Sessions", SESSIONS),
    ("Cookies", COOKIES),
    ("Clients without a browser", CLIENTS),
    ("Other sites", CROSS_ORIGIN),
    ("Without a session", BYPASS),
    ("Name and place", PLACE),
];

/// All settings.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    PARTS.iter().flat_map(|(_, settings)| settings.iter())
}

const SESSIONS: &[Setting] = &[
    Setting {
        name: "session_duration",
        label: "Session duration",
        kind: Kind::Line,
        help: "How long somebody stays in before session, user and policy are looked at again; while the \
               global session lasts they notice nothing. 15m to 30d, or 0: at every page load.",
        not_for: "0 makes every page load go by the team domain: not for applications that load many pages.",
    },
    Setting {
        name: "refresh_in_request",
        label: "Renewal inside requests",
        kind: Kind::Choice(&[
            choice(
                "with_binding",
                "With the binding cookie",
                "only for tokens that are bound to a browser",
            ),
            choice("always", "Always", "for every token"),
            choice(
                "never",
                "Never",
                "a page that only calls gets 401 when its session has expired",
            ),
        ]),
        help: "A request whose session has just expired waits for a new token instead of failing.",
        not_for: "Always lets a stolen token live as long as the global session.",
    },
];

const COOKIES: &[Setting] = &[
    Setting {
        name: "http_only",
        label: "HttpOnly",
        kind: Kind::Switch,
        help: "Scripts in the application's pages cannot read its token, so a script that was smuggled in \
               cannot carry it off.",
        not_for: "Off only if software of yours must read the cookie itself. Programs that are no browsers \
                  do not need that: give them tokens in headers. A page that only wants to know who is \
                  there asks /.access/identity.",
    },
    Setting {
        name: "binding_cookie",
        label: "Binding cookie",
        kind: Kind::Switch,
        help: "The token is good only together with a second cookie, which this browser alone has and the \
               application never sees. Whoever copies tokens out of the application or its logs gets \
               nowhere.",
        not_for: "Off for clients that are no browsers and send the token's cookie, such as tunnels for SSH \
                  or RDP. Clients with tokens in headers are exempt anyway. Turning it on: tokens without \
                  it end now; people get new ones without a prompt at their next page load, and pages that \
                  are open get 401 until then. Turning it off also stops renewal inside requests, unless \
                  that is set to Always.",
    },
    Setting {
        name: "same_site",
        label: "SameSite",
        kind: Kind::Choice(&[
            choice(
                "none",
                "None",
                "sent with every request, also from pages of other sites",
            ),
            choice(
                "lax",
                "Lax",
                "sent when somebody follows a link from elsewhere, not with what other sites' pages request \
                 by themselves",
            ),
            choice(
                "strict",
                "Strict",
                "sent from pages of the same site only; the first step from a link is done for you",
            ),
        ]),
        help: "Whether other sites' pages can use the session.",
        not_for: "Lax and Strict keep the session from pages of other sites that show this application in a \
                  frame or call it: choose None there, list the origins under Readable by, and expect \
                  browsers that block third-party cookies. a.example.com and b.example.com are one site. \
                  With None, the application must tell forged requests apart itself.",
    },
    Setting {
        name: "partitioned",
        label: "Partitioned",
        kind: Kind::Switch,
        help: "A session of its own for each site that shows the application in a frame.",
        not_for: "Useless without frames: people would sign in once more for nothing.",
    },
];

const CLIENTS: &[Setting] = &[Setting {
    name: "header_tokens",
    label: "Tokens in headers",
    kind: Kind::Switch,
    help: "Scripts and service tokens send x-access-token, or authorization: Bearer.",
    not_for: "Leave it off if only browsers come.",
}];

const CROSS_ORIGIN: &[Setting] = &[
    Setting {
        name: "preflight",
        label: "Preflight",
        kind: Kind::Choice(&[
            choice("deny", "Refuse", "with 403"),
            choice("origin", "To the application", "which answers it"),
            choice("answer", "Answer", "for the origins below"),
        ]),
        help: "What a CORS preflight gets. Browsers send it without a session.",
        not_for: "To the application reaches it without a session: it must not act on OPTIONS.",
    },
    Setting {
        name: "cors_origins",
        label: "Readable by",
        kind: Kind::Lines,
        help: "Origins whose pages may read our 401, one a line, as https://app.example.com.",
        not_for: "",
    },
];

const BYPASS: &[Setting] = &[Setting {
    name: "bypass",
    label: "Bypass",
    kind: Kind::Lines,
    help: "Paths that everybody reaches, one a line: /health, /static/* for everything below, too, \
           GET,HEAD /favicon.ico for some methods only.",
    not_for: "Everything below a prefix is public, with no log of who. Prefer exact paths.",
}];

const PLACE: &[Setting] = &[
    Setting {
        name: "name",
        label: "Name",
        kind: Kind::Line,
        help: "For people, in lists and in the audit log.",
        not_for: "",
    },
    Setting {
        name: "origins",
        label: "Origins",
        kind: Kind::Lines,
        help: "Where it is reached, one a line, as https://wiki.example.com or https://example.com/wiki. \
               Envoy must route them.",
        not_for: "",
    },
    Setting {
        name: "forward_groups",
        label: "Groups to the application",
        kind: Kind::Lines,
        help: "Which groups it is told of, in x-access-user-groups: one a line, as corp:engineering, or the \
               word policy alone for those that its policy names.",
        not_for: "All of them do not fit a header: choose those that it uses.",
    },
    Setting {
        name: "escaped_slashes",
        label: "Escaped slashes",
        kind: Kind::Choice(&[
            choice("refuse", "Refuse", "with 400"),
            choice("keep", "Keep", "the application gets them as they are"),
        ]),
        help: "Paths with %2F or %5C.",
        not_for: "Keep only if the application itself needs such paths: servers differ in how they read them.",
    },
    Setting {
        name: "keep_override_headers",
        label: "Headers that replace path or host",
        kind: Kind::Switch,
        help: "Whether x-original-url, x-rewrite-url and the like reach the application.",
        not_for: "An application that obeys them serves another path than the one that was checked.",
    },
    Setting {
        name: "upstream",
        label: "Server behind Envoy",
        kind: Kind::Line,
        help: "As http://127.0.0.1:3000, for the Envoy configuration that the command line writes. Empty: \
               none.",
        not_for: "",
    },
];

const fn choice(value: &'static str, label: &'static str, help: &'static str) -> Choice {
    Choice { value, label, help }
}
