//! What people do in a tab: click and type.

use anyhow::{Context, Result, bail};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams,
};
use chromiumoxide::layout::Point;
use portcullis_demo::control::User;
use serde_json::Value;

use super::Tab;

/// The team domain's form.
const EMAIL: &str = "#sign-in input[name=email]";
const PASSWORD: &str = "#sign-in input[name=password]";
/// Its button.
pub const SIGN_IN: &str = "#sign-in button";

impl Tab {
    /// Clicks on the first element that fits a selector, with the mouse. ` >>> ` leads into an
    /// element's shadow tree.
    ///
    /// # Errors
    /// When there is none.
    pub fn click(&self, selector: &str) -> Result<()> {
        let place = self.place_of(selector)?;
        self.wait(self.page.click(place))?;
        Ok(())
    }

    /// Clicks twice, as fast as a hurried hand.
    ///
    /// # Errors
    /// As [`Self::click`].
    pub fn click_twice(&self, selector: &str) -> Result<()> {
        let place = self.place_of(selector)?;
        self.wait(async {
            self.page.click(place).await?;
            self.page.click(place).await.map(|_| ())
        })
    }

    /// Presses a key that writes nothing: `Tab`, `Enter` or `Escape`.
    ///
    /// # Errors
    /// When it is another one.
    pub fn press(&self, key: &str) -> Result<()> {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            other => bail!("what is the code of {other}?"),
        };
        let down = match key {
            "Enter" => DispatchKeyEventType::KeyDown,
            _ => DispatchKeyEventType::RawKeyDown,
        };
        for kind in [down, DispatchKeyEventType::KeyUp] {
            let event = DispatchKeyEventParams::builder()
                .r#type(kind)
                .key(key)
                .code(key)
                .windows_virtual_key_code(code);
            // Buttons act on the character that the key writes.
            let event = match key {
                "Enter" => event.text("\r"),
                _ => event,
            };
            let event = event.build().map_err(anyhow::Error::msg)?;
            self.wait(self.page.execute(event))?;
        }
        Ok(())
    }

    /// Types into the first field that fits a selector.
    ///
    /// # Errors
    /// As [`Self::click`].
    pub fn fill(&self, selector: &str, text: &str) -> Result<()> {
        self.click(selector)?;
        self.write(text)
    }

    /// Writes into the field that has the focus.
    ///
    /// # Errors
    /// When the browser does not do it.
    pub fn write(&self, text: &str) -> Result<()> {
        self.wait(self.page.execute(InsertTextParams::new(text)))?;
        Ok(())
    }

    /// Fills in the team domain's form, which the tab shows or is about to show.
    ///
    /// # Errors
    /// When it does not come.
    pub fn fill_in(&self, user: &User) -> Result<()> {
        self.wait_for_heading("Sign in")?;
        self.run(&format!("document.querySelector('{EMAIL}').value = ''"))?;
        self.fill(EMAIL, &user.email)?;
        self.fill(PASSWORD, &user.password)
    }

    /// Signs in through the team domain's form.
    ///
    /// # Errors
    /// As [`Self::fill_in`].
    pub fn sign_in(&self, user: &User) -> Result<()> {
        self.fill_in(user)?;
        self.click(SIGN_IN)
    }

    fn place_of(&self, selector: &str) -> Result<Point> {
        let parts: Vec<&str> = selector.split(" >>> ").collect();
        let found = format!(
            "{}.reduce((root, part) => \
             (root?.shadowRoot ?? root)?.querySelector(part), document)",
            Value::from(parts)
        );
        self.wait_for(&format!("{found} instanceof Element"))?;
        let middle = self.run(&format!(
            "(() => {{ const element = {found}; \
             element.scrollIntoView({{ block: 'center' }}); \
             const box = element.getClientRects()[0]; \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ))?;
        let [x, y]: [f64; 2] =
            serde_json::from_value(middle).with_context(|| format!("where is {selector}?"))?;
        Ok(Point::new(x, y))
    }
}
