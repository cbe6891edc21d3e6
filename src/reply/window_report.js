// In the window: tells the frame that opened it.
{
	const { to, code, state } = document.currentScript.dataset;
	window.opener?.postMessage({ portcullis: code ? "code" : "signed_in", code, state }, to);
}
