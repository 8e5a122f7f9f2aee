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

/** A button that opens a small list of actions. actions: [{icon, text, detail, onclick}] */
export function menu(opener, actions) {
	const list = el("div.menu", { popover: "auto" });
	const items = actions().filter(Boolean).map(({ onclick, text, icon: drawing, detail }) => {
		const item = button({ icon: drawing, text, class: "quiet", onclick: () => (list.hidePopover(), onclick()) });
		if (detail) item.append(el("small", detail));
		return item;
	});
	list.append(...items);
	list.addEventListener("toggle", (event) => {
		if (event.newState === "open") return items[0].focus();
		list.remove();
		opener.setAttribute("aria-expanded", "false");
		if (!document.activeElement || document.activeElement === document.body) opener.focus();
	});
	list.addEventListener("keydown", (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (!step) return;
		event.preventDefault();
		event.stopPropagation();
		items[(items.indexOf(document.activeElement) + step + items.length) % items.length].focus();
	});
	document.body.append(list);
	opener.setAttribute("aria-expanded", "true");
	list.showPopover();
	place(list, opener);
}

function place(list, opener) {
	const box = opener.getBoundingClientRect();
	const left = Math.max(8, Math.min(box.left, innerWidth - list.offsetWidth - 8));
	const below = box.bottom + 6 + list.offsetHeight < innerHeight;
	list.style.setProperty("left", `${left}px`);
	list.style.setProperty("top", `${below ? box.bottom + 6 : Math.max(8, box.top - list.offsetHeight - 6)}px`);
}
