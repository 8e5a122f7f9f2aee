// What stands over the page for a while: a few words, a window, a menu.

import { button, el, freshId, iconButton } from "./dom.js";

/** "trouble" is read out at once and stays longer. */
export function say(text, kind = "note") {
	const isTrouble = kind === "trouble";
	const place = document.getElementById(isTrouble ? "alerts" : "notes");
	const note = el(`p.toast.${kind}`, { dir: "auto" }, text);
	place.append(note);
	if (place.children.length > 3) place.firstChild.remove();
	setTimeout(() => note.remove(), isTrouble ? 9000 : 3500);
}

/** What it gives; null when it failed, which is then said. */
export async function attempt(work, done) {
	try {
		const given = await work();
		if (done) say(done);
		return given ?? true;
	} catch (error) {
		say(error.message, "trouble");
		return null;
	}
}

export const copyText = (text) => attempt(() => navigator.clipboard.writeText(text), "Copied");

/** Text to take away: chosen already, and a button that copies it. */
export function takeAway(label, text) {
	const input = el("input", { readonly: true, value: text, label, dir: "ltr" });
	queueMicrotask(() => input.select());
	return el("div.link", input, button("copy", "Copy", () => copyText(text)));
}

/** A window. The browser keeps the focus inside, and gives it back. */
export function open(title, ...content) {
	const id = freshId();
	const close = iconButton("close", "Close", () => dialog.close());
	const dialog = el("dialog", { "aria-labelledby": id }, el("header", el("h2", { id }, title), close), el("div.body", ...content));
	dialog.addEventListener("close", () => dialog.remove());
	dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}

/** Whether the person agrees. */
export function confirm(question, yes) {
	const keep = button(null, "Keep it", () => dialog.close());
	const agree = button(null, yes, () => dialog.close("yes"), { class: "danger" });
	const dialog = open(question, el("div.buttons", keep, agree));
	keep.focus();
	return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes")));
}

/** A list of actions at the button that opened it: [{icon, text, detail, onclick}]. */
export function menu(opener, actions) {
	const list = el("div.menu", { popover: "auto" });
	const items = actions.filter(Boolean).map(({ icon, text, detail, onclick }) => {
		const item = button(icon, text, () => (list.hidePopover(), onclick()), { class: "quiet" });
		if (detail) item.append(el("small", detail));
		return item;
	});
	list.append(...items);
	list.addEventListener("toggle", (event) => {
		opener.setAttribute("aria-expanded", event.newState === "open");
		if (event.newState === "open") return items[0].focus();
		list.remove();
		if (document.activeElement === document.body) opener.focus();
	});
	list.addEventListener("keydown", (event) => {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (!step) return;
		event.preventDefault();
		event.stopPropagation();
		items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
	});
	document.body.append(list);
	list.showPopover({ source: opener });
}
