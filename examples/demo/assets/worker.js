// A service worker as many applications have one: it answers from the network, and keeps what it
// may for times without one. What matters behind Portcullis: a 401 goes through to the page as it
// is and is never kept, a redirect of a navigation is left to the browser, and `/.access/` is none
// of its business.
"use strict";

const CACHE = "demo-1";

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin || url.pathname.startsWith("/.access/")) return;
  event.respondWith(answer(request));
});

async function answer(request) {
  const fromNetwork = await fetch(request);
  // Only what is the same for every user, never a page with a user's data in it.
  if (fromNetwork.ok && new URL(request.url).pathname === "/demo.css") {
    const cache = await caches.open(CACHE);
    await cache.put(request, fromNetwork.clone());
  }
  return fromNetwork;
}
