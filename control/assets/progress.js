// Follows a version of the feed on its way to the proxies. Without scripts, the page has a link for that.
const card = document.querySelector("[data-progress]");
const said = card.querySelector("[role=status]");
const bar = card.querySelector("progress");
const list = card.querySelector(".missing");
let lastSaid = 0;

// A screen reader hears the end, and the state every two seconds at most.
function say(text, isEnd) {
  if (isEnd || Date.now() - lastSaid >= 2000) {
    lastSaid = Date.now();
    said.textContent = text;
  }
}

// Shows which proxies lack it. An event names the first twenty: only a shorter list is all of them.
function showMissing(missing) {
  const named = new Map(missing.map((one) => [`${one.credential} ${one.name}`, one]));
  for (const line of [...list.children]) {
    const one = named.get(line.dataset.proxy);
    named.delete(line.dataset.proxy);
    if (one) {
      line.querySelector(".said").textContent = one.text;
    } else if (missing.length < 20) {
      line.remove();
    }
  }
  for (const [proxy, one] of named) {
    const line = list.appendChild(document.createElement("li"));
    line.dataset.proxy = proxy;
    line.appendChild(document.createElement("strong")).textContent = one.name;
    line.append(" ");
    const said = line.appendChild(document.createElement("span"));
    said.className = "said";
    said.textContent = one.text;
  }
  list.hidden = !list.children.length;
}

function show(state) {
  card.querySelector("h2").textContent = state.text;
  if (bar && state.proxies > 0) {
    bar.max = state.proxies;
    bar.value = state.applied;
  }
  showMissing(state.missing);
  say(state.text, state.complete);
  if (state.complete) {
    card.querySelector("[data-again]").textContent = "Show how long each proxy took";
  }
}

const source = new EventSource(card.dataset.progress);
source.addEventListener("progress", (event) => {
  const state = JSON.parse(event.data);
  show(state);
  if (state.complete) {
    source.close();
  }
});
