// The windows of the studio: a wish as code, and a link to a piece.

import * as api from "./api.js";
import { button, el } from "./dom.js";
import { moment } from "./format.js";
import { attempt, copyText, open, takeAway } from "./over.js";
import { makeSegments, makeTabs } from "./tabs.js";

const HOURS = [[1, "1 hour"], [24, "1 day"], [168, "1 week"], [720, "30 days"]];
let chosen = 0;

/** A tab for each API. */
export async function showCode(kind, wish) {
	const found = (await attempt(() => api.post("/app/snippets", { [kind]: wish })))?.snippets;
	if (!found) return;
	const panel = el("div", { tabindex: 0 });
	const tabs = makeTabs("API", found.map(({ name }) => [name]), panel, (at) => {
		chosen = at;
		panel.replaceChildren(...snippet(found[at]));
	});
	tabs.choose(Math.min(chosen, found.length - 1));
	const keyed = el("p.dim", "Each reads your key from ", el("code", "BANDSTAND_KEY"), ". Keys are made on the page ", el("a", { href: "#/keys", onclick: () => dialog.close() }, "Keys"), ".");
	const dialog = open("The same request as code", tabs.node, panel, keyed);
	dialog.classList.add("wide");
	tabs.focus();
}

function snippet({ text, notes }) {
	const told = el("ul.notes", { hidden: !notes.length }, ...notes.map((note) => el("li", note)));
	if (text === null) return [told];
	const code = el("pre", { tabindex: 0, label: "Code", dir: "ltr" }, el("code", text));
	return [el("div.snippet", code, button("copy", "Copy", () => copyText(text), { class: "soft copy" })), told];
}

/** For people without a key. The link ends by itself. */
export function shareJob(job) {
	const result = el("div", { role: "status" });
	const make = async () => {
		const hours = Number(dialog.querySelector("input:checked").value);
		const made = await attempt(() => api.post(`/app/jobs/${job.id}/share`, { hours }));
		if (made) result.replaceChildren(takeAway("The link", made.url), el("p.dim", `It works until ${moment(made.expires_at)}.`));
	};
	const dialog = open(
		"Share it",
		el("p.dim", "Whoever has the link hears the piece and sees its prompt and cover, until the link ends."),
		makeSegments("How long the link works", HOURS, 24),
		button("share", "Make a link", make, { class: "primary" }),
		result,
	);
}
