// In a frame: signs in in a window, and continues when that is done. See docs/PAGES.md.
{
	const { window: url, place, state } = document.currentScript.dataset;
	const link = document.querySelector("a.act");
	let opened, asked;
	const go = () => location.pathname + location.search === place ? location.reload() : location.replace(place + location.hash);
	const check = async () => {
		const { ok } = await fetch("/.access/identity");
		if (ok) go();
		return ok;
	};
	link.onclick = (event) => {
		event.preventDefault();
		asked = true;
		opened = open(url, "_blank", "popup,width=520,height=680");
	};
	addEventListener("message", async ({ source, origin: from, data }) => {
		if (!opened || source !== opened || from !== origin) return;
		opened.close();
		if (data?.code) {
			const query = new URLSearchParams({ code: data.code, state: data.state });
			if (data.state === state) location.replace("/.access/callback?" + query + location.hash);
		} else if (!await check()) {
			document.querySelector("p").textContent = "You are signed in, but this browser keeps your session from this frame.";
			link.textContent = "Open in a new window";
			link.onclick = null;
		}
	});
	// A window that could not say so, for want of its opener.
	for (const type of ["focus", "visibilitychange"]) addEventListener(type, () => asked && check().catch(() => 0));
	// The attempt in this page does not last forever.
	if (state) setTimeout(() => asked || go(), 54e4);
}
