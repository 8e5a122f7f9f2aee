// A window over the page. The browser keeps the focus inside, Escape closes it, and the focus goes back to where it was.

import { button, el, freshId } from "./dom.js";

/** return the <dialog>, already open; it removes itself when it is closed */
export function open(title, ...content) {
	const id = freshId("title");
	const dialog = el("dialog", { "aria-labelledby": id });
	const close = button({ icon: "close", label: "Close", onclick: () => dialog.close() });
	dialog.append(el("header", el("h2", { id }, title), close), el("div.body", ...content));
	dialog.addEventListener("close", () => dialog.remove());
	dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}

/** Whether the person agrees. */
export function confirm(question, yes) {
	return new Promise((resolve) => {
		let answer = false;
		const agree = button({ text: yes, class: "danger", onclick: () => ((answer = true), dialog.close()) });
		const keep = button({ text: "Keep it", onclick: () => dialog.close() });
		const dialog = open(question, el("div.buttons", keep, agree));
		keep.focus();
		dialog.addEventListener("close", () => resolve(answer));
	});
}
