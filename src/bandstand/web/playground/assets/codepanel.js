// The window that shows a wish as code, one tab for each API.

import * as api from "./api.js";
import { open } from "./dialog.js";
import { button, el } from "./dom.js";
import { makeTabs } from "./tabs.js";
import { attempt } from "./toast.js";

let chosen = 0;

export async function showCode(kind, wish) {
	const found = (await attempt(() => api.snippets(kind, wish)))?.snippets;
	if (!found) return;
	const panel = el("div", { tabindex: 0 });
	const tabs = makeTabs("API", found.map(({ name }) => [name]), panel, (at) => {
		chosen = at;
		panel.replaceChildren(...shown(found[at]));
	});
	tabs.choose(Math.min(chosen, found.length - 1));
	const keyed = el("p.dim", "Each reads your key from the environment: ", el("code", "export BANDSTAND_KEY=…"), ". Keys are made on the page ", el("a", { href: "#/keys", onclick: () => dialog.close() }, "Keys"), ".");
	const dialog = open("The same request as code", tabs.node, panel, keyed);
	dialog.classList.add("wide");
	tabs.focus();
}

function shown({ text, notes }) {
	const told = notes.length ? el("ul.notes", ...notes.map((note) => el("li", note))) : null;
	if (text === null) return [told];
	const code = el("pre", { tabindex: 0, label: "Code", dir: "ltr" }, el("code", text));
	const copy = button({ icon: "copy", text: "Copy", class: "soft copy", onclick: () => copyText(text) });
	return [el("div.snippet", code, copy), told].filter(Boolean);
}

export const copyText = (text) => attempt(() => navigator.clipboard.writeText(text), "Copied");
