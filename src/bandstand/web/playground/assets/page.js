// What the pages beside the studio have in common: a heading, a table, and saying so when something cannot be loaded.

import { el } from "./dom.js";

const style = el("link", { rel: "stylesheet", href: "/assets/pages.css" });
await new Promise((done) => {
	style.onload = style.onerror = done;
	document.head.append(style);
});

export function sheet(title, about, ...content) {
	return el("div.page", el("h1", title), about && el("p.lead.dim", about), ...content);
}

/** rows: lists of cells. On narrow screens each row becomes a small card that names its columns. */
export function table(caption, columns, rows, none) {
	if (!rows.length) return el("p.dim.nothing", none);
	const head = el("tr", ...columns.map((column) => (column ? el("th", { scope: "col" }, column) : el("td"))));
	const body = rows.map((cells) => el("tr", ...cells.map((cell, at) => el("td", { "data-column": columns[at] || null }, cell))));
	return el("div.table", el("table", el("caption.unseen", caption), el("thead", head), el("tbody", ...body)));
}

/** Puts what `make` gives into `place`, or why it could not. */
export async function saying(place, make) {
	try {
		place.replaceChildren(await make());
	} catch (error) {
		place.replaceChildren(el("p.bad", { role: "alert" }, error.message));
	}
}
