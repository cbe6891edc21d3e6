//! The form of the page, as a browser sends it: all its fields, and the button that was pressed.

use reqwest::Response;

use crate::browser::Browser;
use crate::dashboard::own_form;
use crate::harness::Service;

/// A form with its fields.
#[derive(Clone)]
pub struct Form {
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// The form of the rules.
    pub fn of_rules(page: &str) -> Self {
        let (_, form) = page
            .rsplit_once("<form method=\"post\" action=\"/dashboard/app")
            .unwrap();
        Self::of(form)
    }

    /// The form that saves.
    pub fn of_save(page: &str) -> Self {
        let (_, section) = page.split_once("id=\"save\"").unwrap();
        let (_, form) = section.split_once("<form").unwrap();
        Self::of(form)
    }

    fn of(form: &str) -> Self {
        let (form, _) = form.split_once("</form>").unwrap();
        let mut fields = Vec::new();
        for tag in form.split('<').skip(1) {
            let (kind, rest) = tag.split_at(tag.find([' ', '>']).unwrap());
            let value = match kind {
                "input" => attribute(tag, "value").unwrap_or_default(),
                "textarea" => plain(rest.split_once('>').unwrap().1),
                "select" => chosen(form, tag),
                _ => continue,
            };
            fields.push((attribute(tag, "name").unwrap(), value));
        }
        Self { fields }
    }

    /// Types into the last field of a name.
    pub fn typed(mut self, name: &str, value: &str) -> Self {
        let field = self
            .fields
            .iter_mut()
            .rev()
            .find(|(found, _)| found == name);
        let field = field.unwrap_or_else(|| panic!("no field {name}"));
        value.clone_into(&mut field.1);
        self
    }

    pub fn value(&self, name: &str) -> &str {
        let mut fields = self.fields.iter();
        &fields.find(|(found, _)| found == name).unwrap().1
    }

    /// Presses a button.
    pub async fn press(
        &self,
        service: &Service,
        browser: &mut Browser,
        (path, button): (&str, &str),
    ) -> Response {
        let fields = self.fields.iter();
        let mut fields: Vec<(&str, &str)> = fields
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        fields.push(("do", button));
        browser.send(own_form(service, path, &fields)).await
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(plain(rest.split_once('"').unwrap().0))
}

/// What is selected, else the first choice.
fn chosen(form: &str, select: &str) -> String {
    let (_, options) = form.split_once(select).unwrap();
    let (options, _) = options.split_once("</select>").unwrap();
    let options: Vec<&str> = options.split("<option").skip(1).collect();
    let selected = options.iter().find(|option| option.contains(" selected>"));
    attribute(selected.unwrap_or(&options[0]), "value").unwrap()
}

fn plain(text: &str) -> String {
    let text = text.replace("&#34;", "\"").replace("&#39;", "'");
    let text = text.replace("&#60;", "<").replace("&#62;", ">");
    text.replace("&#38;", "&")
}
