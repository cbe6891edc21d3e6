// A form's POST loses the fragment of the page's address. Carried in the form's action, it
// survives the redirects and brings the user back to where they were.
document.getElementById("sign-in")?.addEventListener("submit", (event) => {
  const form = event.currentTarget;
  form.action = form.action.split("#")[0] + location.hash;
});

// A double click must not send the form twice: the second answer would find the first one's
// attempt finished.
{
  const form = document.getElementById("sign-in");
  let sent = false;
  form?.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => {
    sent = false;
  });
}
