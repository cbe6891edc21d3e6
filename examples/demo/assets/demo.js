// Asks the application every few seconds and says what came of it, so that one sees a session
// expire and a revocation bite without touching the page.
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

function listen() {
  const status = byId("events");
  const events = new EventSource("/events");
  events.onmessage = (event) => show(status, `open for ${event.data} s`, true);
  events.onerror = () => show(status, "cut", false);
}

ask();
listen();
