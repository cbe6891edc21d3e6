// See docs/PAGES.md.
(() => {
	const plain = fetch;
	let shown, done, mending, ended = 0, quiet = 0;

	const make = (tag, its) => Object.assign(document.createElement(tag), its);
	const show = (node, ms) => new Promise((end) => {
		done = end;
		setTimeout(end, ms);
		document.body.append(shown = node);
	}).finally(() => shown = shown.remove());

	// In a hidden frame.
	const silently = (src) => show(make("iframe", {
		src, hidden: true, onload: () => setTimeout(done, 500),
	}), 9e3);
	addEventListener("message", ({ source, data }) =>
		source === shown?.contentWindow && done(data.portcullis === "signed_in"));

	// In another tab. The page's style does not reach into the message, and needs no exception in the
	// page's policy: a constructed sheet is no inline style.
	const style = `
		:host { all: initial !important; display: block !important; }
		div {
			all: initial; box-sizing: border-box; position: fixed; inset: auto 1em 1em auto; z-index: 2147483647;
			max-width: min(26em, 100% - 2em); padding: 1em 1.25em .5em; border: 1px solid #858e9e; border-radius: .75em;
			background: #fff; color: #1c2330; font: 16px/1.5 system-ui, sans-serif; box-shadow: 0 8px 24px #0004;
		}
		p { margin: 0 0 .75em; }
		a, button {
			display: inline-block; margin: 0 .5em .5em 0; padding: .4em 1em; border: 1px solid #1f5fbf; border-radius: .45em;
			background: #1f5fbf; color: #fff; font: inherit; font-weight: 600; text-decoration: none; cursor: pointer;
		}
		button { background: none; color: #1f5fbf; }
		:focus-visible { outline: 3px solid #1f5fbf; outline-offset: 2px; }
		@media (prefers-color-scheme: dark) {
			div { background: #1c222c; color: #e8ebf0; }
			a, button { border-color: #7fb0ff; background: #7fb0ff; color: #0d1420; }
			button { background: none; color: #7fb0ff; }
			:focus-visible { outline-color: #7fb0ff; }
		}
		@media (prefers-reduced-motion: no-preference) {
			div { animation: come .2s; }
			@keyframes come { from { opacity: 0; translate: 0 1em; } }
		}`;
	const asking = (detail) => {
		if (Date.now() < quiet) return;
		if (!dispatchEvent(new CustomEvent("portcullis:expired", { cancelable: true, detail }))) return;
		const host = make("portcullis-message", { role: "status" }), box = make("div", {});
		const root = host.attachShadow({ mode: "open" }), page = document.documentElement.style;
		const dismiss = () => {
			quiet = Date.now() + 3e5;
			done();
		};
		const end = show(host, 2e9), padding = page.scrollPaddingBottom;
		// Announced because it comes into a region that is there already.
		setTimeout(() => {
			if (!host.isConnected) return;
			const text = make("p", { textContent: detail.title + " Sign in to continue; this page stays open." });
			box.append(text,
				make("a", { href: detail.login_url, target: "_blank", textContent: "Sign in (new tab)" }),
				make("button", { textContent: "Not now", onclick: dismiss }));
			box.onkeydown = ({ key }) => key === "Escape" && dismiss();
			root.append(box);
			try {
				const sheet = new CSSStyleSheet();
				sheet.replaceSync(style);
				root.adoptedStyleSheets = [sheet];
				// What the message covers can be scrolled from under it, and focus is.
				const room = box.offsetHeight + 32 + "px";
				sheet.insertRule(`:host { height: ${room} !important; }`, 1);
				page.scrollPaddingBottom = room;
			} catch {}
		}, 100);
		return end.finally(() => page.scrollPaddingBottom = padding);
	};
	for (const type of ["focus", "visibilitychange"]) addEventListener(type, async () =>
		shown?.role && (await plain("/.access/identity")).ok && done(true));

	const mend = async (reply) => {
		// Turbo's replies are pages.
		const problem = await reply.json().catch(() => ({ title: "Your session has ended.", login_url: origin + "/.access/login" }));
		const url = new URL(problem.login_url);
		if (url.origin !== origin) return;
		url.searchParams.set("prompt", "none");
		return Date.now() > ended + 3e4 && await silently(url) || asking(problem);
	};

	window.fetch = async (input, init) => {
		const began = Date.now();
		const copy = input instanceof Request ? input.clone() : input;
		const reply = await plain(input, init);
		if (reply.redirected || reply.type !== "basic" || !/^Access /.test(reply.headers.get("www-authenticate"))) return reply;
		if (began > ended) {
			mending ||= mend(reply.clone()).catch(() => 0).finally(() => [mending, ended] = [0, Date.now()]);
			if (!await mending) return reply;
		}
		return init?.body instanceof ReadableStream ? reply : plain(copy, init);
	};
})();
