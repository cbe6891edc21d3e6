//! Requests that need no session.

use portcullis::protocol::feed::{Bypass, PathMatch};

use super::context::{CheckContext, Word};
use crate::applications::draft::BypassDraft;
use crate::policy::bypass::{NOT_NORMAL, is_normal_path};
use crate::policy::check;
use crate::problems::InputProblems;

pub(super) fn bypasses(
    drafts: Vec<BypassDraft>,
    context: CheckContext<'_>,
    problems: &mut InputProblems,
) -> Option<Vec<Bypass>> {
    let path = context.at("bypass");
    let count = drafts.len();
    let good: Vec<Bypass> = drafts
        .into_iter()
        .enumerate()
        .filter_map(|(index, draft)| bypass(draft, &format!("{path}[{index}]"), problems))
        .collect();
    (good.len() == count).then_some(good)
}

fn bypass(draft: BypassDraft, path: &str, problems: &mut InputProblems) -> Option<Bypass> {
    let matching = Word {
        path: format!("{path}.match"),
        text: draft.matching.unwrap_or_else(|| "exact".to_owned()),
    };
    let matching: Option<PathMatch> = matching.parse("exact or prefix", problems);
    if !is_normal_path(&draft.path) {
        problems.add(&format!("{path}.path"), &draft.path, NOT_NORMAL);
        return None;
    }
    let methods = draft.methods.unwrap_or_default();
    for (index, method) in methods.iter().enumerate() {
        check::method(method, &format!("{path}.methods[{index}]"), problems)?;
    }
    Some(Bypass {
        path: draft.path,
        matching: matching?,
        methods: (!methods.is_empty()).then_some(methods),
    })
}
