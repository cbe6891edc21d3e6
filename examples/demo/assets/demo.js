// Asks the application every few seconds and says what came of it, so that one sees a session
// expire and a revocation bite without touching the page. The same on a page with portcullis.js
// and on one without: only there fetch() is another.
"use strict";

const PERIOD_MS = 3000;

const byId = (id) => document.getElementById(id);

function show(element, text, good) {
  element.textContent = text;
  element.className = good ? "good" : "bad";
}

let lastState = "";

function remember(state) {
  if (state === lastState) return;
  lastState = state;
  const item = document.createElement("li");
  item.textContent = `${new Date().toLocaleTimeString()}: ${state}`;
  byId("history").prepend(item);
}

// What a page does for itself: the 401 says why, and where to sign in.
function signedOut(problem) {
  byId("expired-text").textContent = `Your session has ended (${problem.reason ?? "no reason given"}).`;
  const login = new URL(problem.login_url ?? "/", location.href);
  login.searchParams.set("return_to", location.pathname + location.search);
  byId("sign-in").href = login.href;
  byId("expired").hidden = false;
}

async function ask() {
  const status = byId("sub-request");
  try {
    const answer = await fetch("/api/time", {
      headers: { "X-Requested-With": "XMLHttpRequest" },
      redirect: "manual",
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.ok) {
      show(status, `${answer.status} at ${body.time}`, true);
      remember(`${answer.status}`);
      byId("expired").hidden = true;
      await askWho();
    } else {
      show(status, `${answer.status} ${body.reason ?? ""}`, false);
      remember(`${answer.status} ${body.reason ?? ""}`);
      if (answer.status === 401) signedOut(body);
    }
  } catch (error) {
    show(status, `no answer (${error.message})`, false);
    remember("no answer");
  }
  setTimeout(ask, PERIOD_MS);
}

let session = null;

async function askWho() {
  const answer = await fetch("/.access/identity");
  if (!answer.ok) return;
  const now = await answer.json();
  if (session !== null && now.exp !== session.exp) remember("a new session");
  session = now;
  byId("application").textContent = `${session.application}, as ${session.email}`;
  count();
}

// Both ends are seconds since 1970.
function count() {
  if (session === null) return;
  const tell = (element, end) => {
    const seconds = Math.round(end - Date.now() / 1000);
    const left = seconds > 120 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
    const when = new Date(end * 1000).toLocaleTimeString();
    const ended = `ended at ${when}, accepted for up to 30 s more`;
    show(element, seconds > 0 ? `at ${when}, in ${left}` : ended, seconds > 0);
  };
  tell(byId("session-end"), session.exp);
  tell(byId("sign-in-end"), session.session_exp);
}

async function send() {
  const sent = byId("sent");
  show(sent, "sending …", true);
  try {
    const body = new URLSearchParams({ text: byId("text").value });
    const answer = await fetch("/api/echo/sent", { method: "POST", body });
    const problem = await answer.json();
    const text = answer.ok ? `received: ${problem.body_length} bytes` : `not sent: ${problem.reason}`;
    show(sent, text, answer.ok);
  } catch (error) {
    show(sent, `not sent (${error.message})`, false);
  }
}

function listen() {
  const status = byId("events");
  const events = new EventSource("/events");
  events.onmessage = (event) => show(status, `open for ${event.data} s`, true);
  events.onerror = () => show(status, "cut", false);
}

// On the page with the script only, to show that the two get along.
if (location.pathname === "/with-script") {
  navigator.serviceWorker?.register("/worker.js", { scope: "/with-script" });
}

byId("send").addEventListener("click", send);
setInterval(count, 1000);
ask();
listen();
