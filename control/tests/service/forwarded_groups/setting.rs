//! The setting, its changes and what is wrong with it.

use super::*;

const MINUTE: u64 = 60;
const INSIDE: Seen = Seen::Wiki {
    renewed: true,
    through_team_domain: false,
};
const UNCHANGED: Seen = Seen::Wiki {
    renewed: false,
    through_team_domain: false,
};

/// Somebody at a wiki behind the filter core.
struct Visit {
    scene: person::Scene,
    person: Person,
}

impl Visit {
    async fn new() -> Self {
        let service = service().await;
        service.wiki(json!({ "session_duration": "1h" })).await;
        let mut scene = person::Scene {
            password: service.user(ANA).await,
            gate: Gate::new(&service).await,
            email: ANA,
            service,
        };
        let mut person = Person::default();
        assert!(person.gets_in(&mut scene).await);
        Self { scene, person }
    }

    async fn provider_says(&self, groups: &[&str]) {
        provider_says(&self.scene.service.database_url, &names(groups)).await;
    }

    async fn set(&self, changes: Value) {
        let change = json!({ "name": "wiki", "changes": changes });
        self.scene.service.done("/applications/set", change).await;
        // The filter's next poll of the feed is due.
        self.scene.service.clock.advance(MINUTE);
    }

    /// What a script's request ends in, and the groups that then arrive at the wiki.
    async fn asks(&mut self) -> (Seen, Option<String>) {
        let seen = self.person.asks(&mut self.scene).await;
        let person::Scene { service, gate, .. } = &mut self.scene;
        let what = (Kind::SubRequest, "/data");
        let Effect::Continue(changes) = gate.request(service, what, &self.person.wiki).await else {
            panic!("not admitted");
        };
        let mut headers = changes.add();
        let groups = headers.find(|(name, _)| *name == "x-access-user-groups");
        (seen, groups.map(|(_, value)| value.to_owned()))
    }
}

fn arrive(groups: &str) -> Option<String> {
    Some(groups.to_owned())
}

#[tokio::test]
async fn a_changed_setting_acts_at_once_and_a_refresh_takes_the_groups_of_now() {
    let mut visit = Visit::new().await;
    visit.provider_says(&["it", "hr"]).await;
    assert_eq!(visit.asks().await, (UNCHANGED, None));

    visit
        .set(json!({ "forward_groups": ["corp:hr", "corp:Küche, Haus 2"] }))
        .await;
    assert_eq!(visit.asks().await, (INSIDE, arrive("corp:hr")));
    // The token is good for an hour.
    visit.provider_says(&["Küche, Haus 2"]).await;
    assert_eq!(visit.asks().await, (UNCHANGED, arrive("corp:hr")));
    visit.scene.service.clock.advance(HOUR + MINUTE);
    let encoded = arrive("corp:K%C3%BCche%2C%20Haus%202");
    assert_eq!(visit.asks().await, (INSIDE, encoded.clone()));

    // Neither a setting that says the same nor another one renews a token.
    visit
        .set(json!({ "forward_groups": ["corp:Küche, Haus 2", "corp:hr"] }))
        .await;
    visit.set(json!({ "same_site": "strict" })).await;
    assert_eq!(visit.asks().await, (UNCHANGED, encoded.clone()));

    visit.set(json!({ "forward_groups": "policy" })).await;
    assert_eq!(visit.asks().await, (INSIDE, arrive("")));
    let policy = naming(&names(&["corp:Küche, Haus 2"]));
    visit.set(json!({ "policy": policy })).await;
    assert_eq!(visit.asks().await, (INSIDE, encoded));
    visit.set(json!({ "forward_groups": [] })).await;
    assert_eq!(visit.asks().await, (INSIDE, None));
}

#[tokio::test]
async fn a_wrong_setting_is_refused_with_path_and_value_and_changes_nothing() {
    let service = service().await;
    service.wiki(json!({ "forward_groups": ["corp:it"] })).await;
    let show = json!({ "name": "wiki" });
    let before = service.done("/applications/show", show.clone()).await;
    assert_eq!(before["forward_groups"], json!(["corp:it"]));
    let long: Vec<String> = qualified(&many()).into_iter().take(100).collect();
    for (setting, path, said) in [
        (
            json!(["lab:it"]),
            "forward_groups[0]",
            "there is no identity provider",
        ),
        (
            json!(["corp:it", "it"]),
            "forward_groups[1]",
            "must be provider:name",
        ),
        (
            json!(["corp:it\r\nx: y"]),
            "forward_groups[0]",
            "must be 1 to 256 bytes",
        ),
        (
            json!(["corp:it", "corp:it"]),
            "forward_groups[1]",
            "is listed twice",
        ),
        (
            json!("everything"),
            "forward_groups",
            "must be \"policy\" or a list",
        ),
        (json!(7), "forward_groups", "must be \"policy\" or a list"),
        (json!(long), "forward_groups", "too many groups"),
        (
            json!(qualified(&many())),
            "forward_groups",
            "too many groups",
        ),
    ] {
        let change = json!({ "name": "wiki", "changes": { "forward_groups": setting } });
        let (status, answer) = service.administer("/applications/set", change).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let text = answer.to_string();
        assert!(
            text.contains(path) && text.contains(said.replace('"', "\\\"").as_str()),
            "{text}"
        );
        assert_eq!(
            service.done("/applications/show", show.clone()).await,
            before
        );
    }
}

#[tokio::test]
async fn what_may_not_fit_is_said_when_it_is_configured() {
    let service = service().await;
    let draft = json!({
        "name": "wiki", "origins": [WIKI], "forward_groups": "policy",
        "policy": naming(&qualified(&many())),
    });
    let added = service.done("/applications", draft).await;
    assert!(
        added["notes"].to_string().contains("of the 500 groups"),
        "{added}"
    );
    let change = json!({ "name": "wiki", "changes": { "policy": [{ "everyone": true }] } });
    let changed = service.done("/applications/set", change).await;
    assert!(
        changed["notes"].to_string().contains("names no group"),
        "{changed}"
    );
}
