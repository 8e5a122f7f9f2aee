// The window that shows a wish as code, one tab for each API.

import * as api from "./api.js";
import { open } from "./dialog.js";
import { button, el, freshId } from "./dom.js";
import { say } from "./toast.js";

let chosen = 0;

export async function showCode(kind, wish) {
	let found;
	try {
		({ snippets: found } = await api.snippets(kind, wish));
	} catch (error) {
		return say(error.message, "trouble");
	}
	const panel = el("div", { role: "tabpanel", id: freshId("code"), tabindex: 0 });
	const tabs = found.map(({ name }, at) => el("button", { type: "button", role: "tab", id: freshId("tab"), "aria-controls": panel.id, onclick: () => choose(at) }, name));
	const choose = (at) => {
		chosen = at;
		tabs.forEach((tab, index) => {
			tab.setAttribute("aria-selected", index === at);
			tab.tabIndex = index === at ? 0 : -1;
		});
		panel.setAttribute("aria-labelledby", tabs[at].id);
		panel.replaceChildren(...shown(found[at]));
	};
	const step = (event) => {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!by) return;
		choose((chosen + by + tabs.length) % tabs.length);
		tabs[chosen].focus();
	};
	const list = el("div.tabs", { role: "tablist", "aria-label": "API", onkeydown: step }, ...tabs);
	choose(Math.min(chosen, tabs.length - 1));
	const keyed = el("p.soft-text", "Each reads your key from the environment: ", el("code", "export BANDSTAND_KEY=…"), ". Keys are made on the page ", el("a", { href: "#/keys", onclick: () => dialog.close() }, "Keys"), ".");
	const dialog = open("The same request as code", list, panel, keyed);
	dialog.classList.add("wide");
	tabs[chosen].focus();
}

function shown({ text, notes }) {
	const told = notes.length ? el("ul.notes", ...notes.map((note) => el("li", note))) : null;
	if (text === null) return [told];
	const code = el("pre", { tabindex: 0, "aria-label": "Code", dir: "ltr" }, el("code", text));
	const copy = button({ icon: "copy", text: "Copy", class: "soft copy", onclick: () => copyText(text) });
	return [el("div.snippet", code, copy), told].filter(Boolean);
}

export async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		say("Copied");
	} catch {
		say("The browser did not allow copying; select the text instead.", "trouble");
	}
}
