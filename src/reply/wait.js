// Counts down to the next try: by itself where the page says `data-auto`, ever more rarely, of this
// page or of the one that it names, and else by the page's first link, which comes when the time is
// over.
{
	const text = document.querySelector("[data-wait]"), link = document.querySelector("a.act");
	const auto = "auto" in text.dataset, key = "portcullis.tries";
	const elsewhere = text.dataset.auto;
	if (elsewhere) link.hash = location.hash;
	let seconds = +text.dataset.wait;
	if (auto) {
		let tries = 0;
		try {
			const [count, at] = (sessionStorage.getItem(key) || "0 0").split(" ");
			if (Date.now() - at < 9e4) tries = +count;
			sessionStorage.setItem(key, `${tries + 1} ${Date.now()}`);
		} catch {}
		// Not all at the same moment.
		seconds = Math.min(30, seconds * 2 ** tries) * (.75 + Math.random() / 2);
	} else link.hidden = true;
	const end = performance.now() + seconds * 1e3;
	const tick = () => {
		const left = Math.ceil((end - performance.now()) / 1e3);
		if (left > 0) {
			const time = left < 60 ? `${left} s` : `${left / 60 | 0} min ${left % 60} s`;
			text.textContent = `${auto ? "This page tries again" : "You can try again"} in ${time}.`;
			setTimeout(tick, (end - performance.now()) % 1e3 + 1);
		} else if (elsewhere) location.replace(link.href);
		else if (auto) location.reload();
		else {
			text.setAttribute("role", "status");
			text.textContent = "You can try again now.";
			link.hidden = false;
		}
	};
	tick();
}
