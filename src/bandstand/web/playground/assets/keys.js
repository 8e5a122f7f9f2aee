// The page of API keys: what there is, a new one (shown once), and ending one.

import * as api from "./api.js";
import { copyText } from "./codepanel.js";
import { confirm } from "./dialog.js";
import { button, el, freshId, theirs } from "./dom.js";
import { moment } from "./format.js";
import { saying, sheet, table } from "./page.js";

const LIVES = [["", "Never"], [7, "In a week"], [30, "In 30 days"], [365, "In a year"]];

export async function page() {
	const shown = el("div", { role: "status" });
	const list = el("div");
	const load = () => saying(list, async () => {
		const { keys } = await api.keys();
		return table("Your keys", ["Name", "May", "Made", "Ends", ""], keys.map((key) => row(key, load)), "There is no key yet.");
	});
	const name = el("input", { type: "text", id: freshId("name"), maxlength: 100, dir: "auto", placeholder: "laptop", required: true });
	const life = el("select", { id: freshId("life") }, ...LIVES.map(([days, text]) => el("option", { value: days }, text)));
	const may = ["read", "write"].map((scope) => el("label.check", el("input", { type: "checkbox", value: scope, checked: true }), scope));
	const make = async (event) => {
		event.preventDefault();
		const scopes = may.map((label) => label.querySelector("input")).filter((input) => input.checked).map((input) => input.value);
		await saying(shown, async () => {
			const key = await api.createKey({ name: name.value.trim(), scopes, days: life.value ? Number(life.value) : null });
			name.value = "";
			await load();
			return once(key.key);
		});
	};
	const form = el("form.line", { label: "Make a key", onsubmit: make },
		el("div.field", el("label", { for: name.id }, "What it is for"), name),
		el("fieldset.field", el("legend", "It may"), el("div.checks", ...may)),
		el("div.field", el("label", { for: life.id }, "It ends"), life),
		el("button", { type: "submit", class: "primary" }, el("span", "Make a key")),
	);
	await load();
	return sheet("Keys", "Programs call this server with a key. This page itself needs none: it is logged in by a cookie that no script can read.", form, shown, list);
}

function once(key) {
	const input = el("input", { type: "text", readonly: true, value: key, label: "The new key", dir: "ltr", class: "mono" });
	queueMicrotask(() => input.select());
	return el("div.notice", el("p", el("strong", "This is the only time it is shown.")), el("div.link", input, button({ icon: "copy", text: "Copy", onclick: () => copyText(key) })));
}

function row(key, load) {
	const end = async () => {
		if (!(await confirm("End this key? Programs that use it stop working at once.", "End it"))) return;
		await api.revokeKey(key.id);
		await load();
	};
	const last = !key.works ? el("span.dim", "ended") : button({ icon: "trash", label: `End the key ${key.name || key.id}`, onclick: end });
	return [theirs(key.name || key.id), (key.scopes ?? []).join(", "), moment(key.created_at), key.expires_at ? moment(key.expires_at) : "never", last];
}
