// The least that an adapter of Inertia does: a page's component is a word, and showing it is
// writing it. Links with `data-method` are visited by it.
import { router } from "@inertiajs/core";

const shown = document.querySelector("#app");

router.init({
	initialPage: {
		component: shown.textContent, props: {}, url: location.pathname + location.search, version: null,
	},
	resolveComponent: (name) => name,
	swapComponent: async ({ component }) => { shown.textContent = component; },
});

addEventListener("click", (event) => {
	const { dataset: { method }, href } = event.target;
	if (!method) return;
	event.preventDefault();
	router.visit(href, { method });
});
