// A small list of actions under the button that opened it.

import { button, el } from "./dom.js";

/** actions(): [{icon, text, detail, onclick}] */
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
