// Follows a version of the feed on its way to the proxies. Without scripts, the page has a link for that.
const card = document.querySelector("[data-progress]");
const said = card.querySelector("[role=status]");
const bar = card.querySelector("progress");
let list = card.querySelector(".missing");
let lastSaid = 0;

// A screen reader hears the end, and the state every two seconds at most.
function say(text, isEnd) {
  if (isEnd || Date.now() - lastSaid >= 2000) {
    lastSaid = Date.now();
    said.textContent = text;
  }
}

// Keeps the lines of proxies that still lack it, with their links.
function showMissing(missing) {
  if (!list) return;
  const texts = new Map(missing.map((one) => [one.name, one.text]));
  for (const line of [...list.children]) {
    const name = line.querySelector("strong").textContent;
    if (texts.has(name)) {
      line.querySelector(".said").textContent = texts.get(name);
    } else {
      line.remove();
    }
  }
  if (!list.children.length) {
    list.remove();
    list = null;
  }
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
