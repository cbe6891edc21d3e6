// In the place of a form's result: loading this page again sends the form, which the browser may ask
// to confirm. Says from when on that can help.
{
	const text = document.querySelector("[data-form]"), button = document.querySelector("button");
	let seconds = +text.dataset.form;
	const look = async () => {
		const answer = await fetch("/.access/identity").catch(() => 0);
		if (answer && answer.status < 500) text.textContent = "The sign-in service answers again. You can send it now.";
		else {
			seconds = Math.min(30, seconds * 2);
			later();
		}
	};
	// Not all at the same moment.
	const later = () => setTimeout(look, seconds * (750 + Math.random() * 500));
	text.textContent = "This page looks every few seconds whether the sign-in service answers.";
	button.onclick = () => location.reload();
	text.hidden = button.hidden = false;
	later();
}
