// A form's POST loses the fragment of the page's address. Carried in the form's action, it
// survives the redirects and brings the user back to where they were.
document.getElementById("sign-in")?.addEventListener("submit", (event) => {
  const form = event.currentTarget;
  form.action = form.action.split("#")[0] + location.hash;
});
