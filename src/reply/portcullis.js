// See docs/PAGES.md.
(() => {
	const plain = fetch, AWAY = "temporarily_unavailable";
	let frame, asks, done, mending, ended = 0, quiet = 0;

	const make = (tag, its) => Object.assign(document.createElement(tag), its);
	const pause = (ms) => new Promise((end) => {
		done = end;
		setTimeout(end, ms, AWAY);
	});

	// In a hidden frame.
	const silently = (src) => {
		document.body.append(frame = make("iframe", {
			src, hidden: true, onload: () => setTimeout(done, 500),
		}));
		return pause(9e3).finally(() => frame = frame.remove());
	};
	addEventListener("message", ({ source, data }) =>
		source === frame?.contentWindow && done(data.portcullis));

	// A message. The page's style does not reach into it, and needs no exception in the
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
	const show = (words, ...more) => {
		const host = make("portcullis-message", { role: "status" }), box = make("div", {});
		const root = host.attachShadow({ mode: "open" }), page = document.documentElement.style;
		const dismiss = () => {
			quiet = Date.now() + 3e5;
			done(0);
		};
		const padding = page.scrollPaddingBottom;
		document.body.append(host);
		// Announced because it comes into a region that is there already.
		setTimeout(() => {
			if (!host.isConnected) return;
			box.append(make("p", { textContent: words }), ...more,
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
		return () => {
			host.remove();
			page.scrollPaddingBottom = padding;
		};
	};
	const tell = (name, detail) => Date.now() > quiet
		&& dispatchEvent(new CustomEvent("portcullis:" + name, { cancelable: true, detail }));

	// In another tab.
	const asking = (detail) => {
		if (!tell("expired", detail)) return;
		const hide = show(detail.title + " Sign in to continue; this page stays open.",
			make("a", { href: detail.login_url, target: "_blank", textContent: "Sign in (new tab)" }));
		asks = true;
		return pause(2e9).finally(() => hide(asks = 0));
	};
	for (const type of ["focus", "visibilitychange"]) addEventListener(type, async () =>
		asks && (await plain("/.access/identity")).ok && done(true));

	// The sign-in service does not answer, so nothing has been sent on.
	const isAway = async (reply) => reply.status === 503 && reply.headers.has("retry-after")
		&& /^application\/problem/.test(reply.headers.get("content-type"))
		&& /^(control_unavailable|not_ready|stale)$/.test((await reply.clone().json()).reason);

	const mend = async (reply) => {
		let seconds = 0, hide;
		// Whether to try again. Ever more rarely, and not all at the same moment.
		const wait = async () => {
			if (seconds) hide ||= show("The sign-in service does not answer. This page keeps what you entered, and tries again by itself.");
			seconds = Math.min(30, seconds * 2 || 3);
			return AWAY === await pause(seconds * (1e3 + Math.random() * 500));
		};
		try {
			if (reply.status === 503 && !tell("unavailable", await reply.clone().json())) return;
			for (;;) {
				if (reply.status === 503) {
					if (!await wait()) return;
					reply = await plain("/.access/identity").catch(() => reply);
					if (reply.ok) return true;
					continue;
				}
				// Turbo's replies are pages.
				const problem = await reply.clone().json().catch(() => ({ title: "Your session has ended.", login_url: origin + "/.access/login" }));
				const url = new URL(problem.login_url);
				if (url.origin !== origin) return;
				url.searchParams.set("prompt", "none");
				const word = Date.now() > ended + 3e4 && await silently(url);
				if (word === "signed_in") return true;
				if (word !== AWAY) {
					hide = hide?.();
					return await asking(problem);
				}
				if (!await wait()) return;
			}
		} finally {
			hide?.();
		}
	};

	window.fetch = async (input, init) => {
		const began = Date.now();
		const copy = input instanceof Request ? input.clone() : input;
		const reply = await plain(input, init);
		if (reply.redirected || reply.type !== "basic"
			|| !/^Access /.test(reply.headers.get("www-authenticate")) && !await isAway(reply).catch(() => 0)) return reply;
		if (began > ended) {
			mending ||= mend(reply.clone()).catch(() => 0).finally(() => [mending, ended] = [0, Date.now()]);
			if (!await mending) return reply;
		}
		return init?.body instanceof ReadableStream ? reply : plain(copy, init);
	};
})();
