// The window that makes a link to a piece for people without a key. The link ends by itself.

import * as api from "./api.js";
import { copyText } from "./codepanel.js";
import { open } from "./dialog.js";
import { button, el } from "./dom.js";
import { moment } from "./format.js";
import { makeSegments } from "./tabs.js";

const HOURS = [[1, "1 hour"], [24, "1 day"], [168, "1 week"], [720, "30 days"]];

export function shareJob(job) {
	const result = el("div", { role: "status" });
	const make = button({ icon: "share", text: "Make a link", class: "primary", onclick: async () => {
		const hours = Number(dialog.querySelector("input:checked").value);
		try {
			result.replaceChildren(...made(await api.share(job.id, hours)));
		} catch (error) {
			result.replaceChildren(el("p.bad", error.message));
		}
	} });
	const dialog = open(
		"Share it",
		el("p.dim", "Whoever has the link hears the piece and sees its prompt and cover, until the link ends."),
		makeSegments("How long the link works", HOURS, 24),
		make,
		result,
	);
	make.focus();
}

function made({ url, expires_at: ends }) {
	const input = el("input", { type: "text", readonly: true, value: url, label: "The link", dir: "ltr" });
	const row = el("div.link", input, button({ icon: "copy", text: "Copy", onclick: () => copyText(url) }));
	queueMicrotask(() => input.select());
	return [row, el("p.dim", `It works until ${moment(ends)}.`)];
}
