// A form's POST loses the fragment of the page's address. Carried in the form's action, it
// survives the redirects and brings the user back to where they were.
document.getElementById("sign-in")?.addEventListener("submit", (event) => {
  const form = event.currentTarget;
  form.action = form.action.split("#")[0] + location.hash;
});

// The same for the ways to providers: the browser keeps the fragment through their redirects.
for (const way of document.querySelectorAll("a.provider")) {
  way.addEventListener("click", () => {
    way.href = way.href.split("#")[0] + location.hash;
  });
}

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

// A tab that waits at this form goes on as soon as another tab of the browser has signed in. The
// other tab only says that it is time to ask. What counts is the answer of the team domain, which
// reads this browser's own cookie.
{
  const form = document.getElementById("sign-in");
  const channel = new BroadcastChannel("portcullis.sign-in");
  const check = document.getElementById("ways")?.dataset.check;
  let sent = false;
  let typed = -Infinity;
  let gone = false;
  const ask = async () => {
    const answer = await fetch(check, { cache: "no-store", redirect: "error" });
    if (gone || !answer.ok || !(await answer.json()).signed_in) return;
    // Not under the hands of somebody who types: the rest would land in the next page.
    if (document.hasFocus() && performance.now() - typed < 2e3) {
      setTimeout(look, 2e3);
      return;
    }
    gone = true;
    // With another query than the page's, so that a fragment does not keep it from loading.
    location.replace(`${check.replace("/login/check", "/login")}&waited${location.hash}`);
  };
  // Offline, or the service is away: there will be another occasion.
  const look = () => ask().catch(() => {});
  form?.addEventListener("input", () => {
    typed = performance.now();
  });
  form?.addEventListener("submit", () => {
    sent = true;
    channel.postMessage("sent");
  });
  // By now the answer has come, and with it the cookie.
  addEventListener("pagehide", () => {
    if (sent) channel.postMessage("left");
  });
  if (check) {
    addEventListener("pageshow", look);
    document.addEventListener("visibilitychange", () => document.hidden || look());
    channel.addEventListener("message", () => {
      look();
      for (const seconds of [1, 4, 15]) setTimeout(look, seconds * 1e3);
    });
  }
}
