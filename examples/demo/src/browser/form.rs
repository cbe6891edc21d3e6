//! A form of a page, with what a browser would send of it.

use html5gum::{Token, Tokenizer};

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Where it goes; empty is the page itself.
    pub action: String,
    /// Names and values of its inputs, in order.
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The first form of a page that has an input of this name.
    #[must_use]
    pub fn with_field(html: &str, name: &str) -> Option<Self> {
        all(html).into_iter().find(|form| form.has(name))
    }

    /// The first form of a page that goes to a URL ending so.
    #[must_use]
    pub fn to(html: &str, end: &str) -> Option<Self> {
        all(html)
            .into_iter()
            .find(|form| form.action.ends_with(end))
    }

    /// Types a value into an input; makes the input if there is none, as a script could.
    pub fn fill(&mut self, name: &str, value: &str) {
        self.fields.retain(|(other, _)| other != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(other, _)| other == name)
    }
}

/// All forms of a page.
#[must_use]
pub fn all(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    for Ok(token) in Tokenizer::new(html) {
        let Token::StartTag(tag) = token else {
            continue;
        };
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes());
            value.map(|value| String::from_utf8_lossy(value).into_owned())
        };
        match tag.name.as_slice() {
            b"form" => forms.push(Form {
                action: attribute("action").unwrap_or_default(),
                fields: Vec::new(),
            }),
            b"input" | b"button" => {
                if let (Some(form), Some(name)) = (forms.last_mut(), attribute("name")) {
                    form.fields
                        .push((name, attribute("value").unwrap_or_default()));
                }
            }
            _ => {}
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_belong_to_the_form_before_them() {
        let html = r#"<form action="/search"><input name=q></form>
            <form method="post" action="/login?a=1&amp;b=2">
            <input type="hidden" name="csrf_token" value="&quot;x"><input name="password"></form>"#;
        let mut form = Form::with_field(html, "password").unwrap();
        assert_eq!(form.action, "/login?a=1&b=2");
        form.fill("password", "p");
        let fields = [("csrf_token", "\"x"), ("password", "p")];
        assert_eq!(
            form.fields,
            fields.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
