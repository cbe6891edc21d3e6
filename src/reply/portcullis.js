// See docs/PAGES.md.
(() => {
	const plain = fetch;
	let shown, done, mending, ended = 0;

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

	// In another tab.
	const asking = (detail) => {
		if (!dispatchEvent(new CustomEvent("portcullis:expired", { cancelable: true, detail }))) return;
		const box = make("p", { role: "alert", style: "position:fixed;bottom:0;z-index:9;"
			+ "padding:1em;border:solid;background:canvas;color:canvastext" });
		box.append(detail.title, " ", make("a",
			{ href: detail.login_url, target: "_blank", textContent: "Sign in (new tab)" }));
		return show(box, 2e9);
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
