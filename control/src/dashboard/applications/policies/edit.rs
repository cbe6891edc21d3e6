//! `POST /dashboard/applications/{audience}/policies`: edits the policy in the form, says what saving would
//! do, saves it, tests it. Only *Save* changes anything.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::find;
use super::edited::Edited;
use super::mistake::Mistake;
use super::page::{PoliciesPage, Tester};
use super::press::Press;
use super::save::save;
use super::sent::Sent;
use super::step::Step;
use super::valid::valid;
use super::verdict::{Share, Verdict};
use crate::administration::policies::answer::{PolicyQuestion, answer};
use crate::administration::policies::everybody::everybody;
use crate::dashboard::allowed::Allowed;
use crate::dashboard::fields::Fields;
use crate::service::Service;
use crate::team_domain::page::failure::Failure;

/// `POST /dashboard/applications/{audience}/policies`.
pub async fn edit(
    State(service): State<Arc<Service>>,
    person: Allowed,
    Path(audience): Path<String>,
    fields: Fields,
) -> Result<Response, Failure> {
    let application = find(&service, &audience).await?;
    let press = Press::of(fields.text("do")).ok_or(Failure::BadForm)?;
    let mut edited = Edited::of(&fields).ok_or(Failure::BadForm)?;
    if application.declared {
        let page = PoliciesPage::stored(&person, &application);
        return page.respond(&person, StatusCode::CONFLICT);
    }
    let sent = Sent {
        service: &service,
        person: &person,
        application: &application,
        fields: &fields,
    };
    if let Err(why) = edited.press(press, &fields) {
        return sent.wrong(&mut edited, vec![Mistake::of_policy(&why)]);
    }
    let asks_about_a_person = !fields.text("test_user").trim().is_empty();
    match press {
        Press::Save => save(&sent, edited).await,
        Press::Check => check(&sent, edited).await,
        Press::Test | Press::TestEverybody => test(&sent, edited, press).await,
        Press::Keep if asks_about_a_person => test(&sent, edited, press).await,
        _ => sent.page(&edited).respond(&person, StatusCode::OK),
    }
}

/// Says what saving would do.
async fn check(sent: &Sent<'_>, mut edited: Edited) -> Result<Response, Failure> {
    let rules = edited.all_rules();
    let wanted = match valid(sent.service, sent.application, &rules).await {
        Ok(wanted) => wanted,
        Err(invalid) => return sent.invalid(&mut edited, invalid),
    };
    edited.close();
    let mut page = sent.page(&edited);
    page.step = Some(Step::of(sent.service, sent.application, &wanted).await?);
    page.respond(sent.person, StatusCode::OK)
}

/// Asks the policy in the form.
async fn test(sent: &Sent<'_>, mut edited: Edited, press: Press) -> Result<Response, Failure> {
    let (user, ip) = (
        sent.fields.text("test_user").trim(),
        sent.fields.text("test_ip").trim(),
    );
    let address: Option<IpAddr> = ip.parse().ok();
    if address.is_none() && !ip.is_empty() {
        let mut page = sent.page(&edited);
        page.tester.wrong_ip = true;
        return page.respond(sent.person, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let rules = edited.all_rules();
    let wanted = match valid(sent.service, sent.application, &rules).await {
        Ok(wanted) => wanted,
        Err(invalid) => return sent.invalid(&mut edited, invalid),
    };
    let mut page = sent.page(&edited);
    page.tester = Tester {
        user: user.to_owned(),
        ip: ip.to_owned(),
        ..Tester::default()
    };
    if press == Press::TestEverybody {
        let share = everybody(sent.service, &wanted.policy).await?;
        page.tester.share = Some(Share::of(&share));
    } else if !user.is_empty() {
        let question = PolicyQuestion {
            user: Some(user.to_owned()),
            ip: address,
            ..PolicyQuestion::default()
        };
        let answer = answer(sent.service, &wanted.policy, question).await?;
        page.tester.verdict = Some(Verdict::of(&answer));
    }
    page.respond(sent.person, StatusCode::OK)
}
