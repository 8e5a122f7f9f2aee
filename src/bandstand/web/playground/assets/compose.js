// The form that asks for a piece or a picture. What it offers comes from the server's schema and its models; nothing of it is known here twice.

import * as api from "./api.js";
import { button, el, freshId } from "./dom.js";
import { control, fieldsOf, lengthControl } from "./fields.js";
import { credits } from "./format.js";
import { makeGiven } from "./given.js";
import { learn } from "./jobs.js";
import { say } from "./toast.js";

/** Fields with a place of their own in the form; all others are drawn under "Advanced". */
const PLACED = new Set(["prompt", "model", "seconds", "melody", "continues", "score", "init"]);
const ROLES = ["melody", "continues", "score", "init"];
/** What only some models read. */
const NEEDS = { variation: "variation", stems: "stems", sections: "sections", multiband: "multiband" };
const TOKENS = new Set(["temperature", "top_k", "top_p", "guidance"]);
const SECONDS_AT_FIRST = 20;
const EXAMPLES_SHOWN = 5;

/**
 * kind     "music" or "image"
 * given    the answer of /app/schema
 * started  told of each accepted job
 * return   {node, wish(), fill(wish, given), generate(), focus()}
 */
export function makeForm(kind, given, { started }) {
	const fields = fieldsOf(given[kind]);
	const named = Object.fromEntries(fields.map((field) => [field.name, field]));
	const models = given.models.filter((model) => (model.kind ?? "music") === kind);
	const changed = () => refresh();

	const prompt = promptBox(kind, named.prompt, changed, () => generate());
	const model = modelBox(models, named.model, changed);
	const length = named.seconds && lengthControl(named.seconds, SECONDS_AT_FIRST, changed);
	const roles = ROLES.filter((role) => named[role]);
	const start = roles.length ? makeGiven(roles, changed) : null;
	const extras = fields
		.filter((field) => !PLACED.has(field.name))
		.map((field) => [field, control(field, changed)])
		.filter(([, made]) => made);
	const advanced = el("details.advanced", el("summary", "Advanced"), el("div.fields", ...extras.map(([, made]) => made.node)));
	const trouble = el("p.bad", { role: "alert" });
	const price = el("span.price.dim.num");
	const go = el("button", { type: "submit", class: "primary" }, el("span", kind === "image" ? "Draw" : "Generate"), el("kbd", { "aria-hidden": "true" }, navigator.platform.startsWith("Mac") ? "⌘ ↵" : "Ctrl ↵"));
	const show = button({ icon: "code", text: "Code", title: "The same request as code", onclick: async () => (await import("./codepanel.js")).showCode(kind, wish()) });
	const node = el("form.composer", { label: kind === "image" ? "Ask for a picture" : "Ask for a piece", novalidate: true, onsubmit: (event) => (event.preventDefault(), generate()) },
		prompt.node, prompt.examples(given.examples ?? [], kind), model.node, kind === "image" && canvasBadge(model), length?.node, start?.node, advanced, trouble, el("div.send", go, show, price),
	);

	function wish() {
		const made = { prompt: prompt.read(), ...(model.read() === named.model.fallback ? {} : { model: model.read() }) };
		if (length) made.seconds = length.read();
		for (const [field, inner] of extras) {
			const value = inner.node.hidden ? undefined : inner.read();
			if (value !== undefined) made[field.name] = value;
		}
		return { ...made, ...start?.read() };
	}

	function refresh() {
		const chosen = model.chosen();
		for (const [field, inner] of extras) inner.node.hidden = !reads(kind, chosen, field.name);
		const cost = (chosen?.credits_per_second ?? 0) * (length?.read() ?? 1);
		price.textContent = given.isMetered && cost ? `${credits(cost)} credits` : "";
		trouble.textContent = "";
		model.tell();
		node.dispatchEvent(new Event("changed"));
	}

	async function generate() {
		if (go.disabled) return;
		go.disabled = true;
		try {
			const job = learn(await api.create(kind, wish()));
			say("Accepted");
			started(job);
		} catch (error) {
			trouble.textContent = told(error);
		} finally {
			go.disabled = false;
		}
	}

	/** Set all of it to an earlier wish; what it does not name goes back to how it was at first. */
	function fill(earlier, sound) {
		prompt.write(earlier.prompt ?? "");
		model.write(earlier.model ?? named.model.fallback);
		length?.write(earlier.seconds);
		for (const [field, inner] of extras) inner.write(earlier[field.name]);
		advanced.open = extras.some(([field]) => earlier[field.name] !== undefined && field.name !== "seed");
		if (start && (sound || start.read())) sound ? start.give(sound) : start.drop();
		refresh();
		prompt.focus();
	}

	refresh();
	return { node, wish, fill, generate, focus: prompt.focus, given: start };
}

function told(error) {
	return error.fields?.length ? error.fields.map(({ field, problem }) => `${field.replaceAll("_", " ")} ${problem}`).join("; ") : error.message;
}

function reads(kind, model, name) {
	if (kind !== "music" || !model) return true;
	const abilities = new Set(model.abilities);
	if (TOKENS.has(name)) return abilities.has("multiband");
	return !NEEDS[name] || abilities.has(NEEDS[name]);
}

function promptBox(kind, field, changed, send) {
	const id = freshId("prompt");
	const most = field.longest ?? 4000;
	const count = el("span.dim.num", { "aria-live": "polite" });
	const input = el("textarea", {
		id, rows: 3, dir: "auto", spellcheck: "true",
		placeholder: kind === "image" ? "A cover for rainy evening music …" : "A slow waltz for accordion and rain …",
		oninput: () => (sized(), changed()),
		onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && (event.preventDefault(), send()),
	});
	const sized = () => {
		const { length } = input.value;
		count.textContent = length > most - 500 ? `${length} of ${most} characters` : "";
		count.classList.toggle("over", length > most);
	};
	const write = (text) => {
		input.value = text;
		sized();
	};
	const examples = (texts, about) => {
		if (about === "image" || !texts.length) return null;
		const chips = texts.slice(0, EXAMPLES_SHOWN).map((text) => el("button", { class: "chip", dir: "auto", title: text, onclick: () => (write(text), changed(), input.focus()) }, text.split(",")[0]));
		return el("div.chips", { role: "group", label: "Examples" }, ...chips);
	};
	const label = el("label", { for: id }, kind === "image" ? "What should it show?" : "What should it sound like?");
	const node = el("div.field.prompt", el("div.between", label, count), input);
	return { node, examples, read: () => input.value, write, focus: () => input.focus() };
}

function modelBox(models, field, changed) {
	const id = freshId("model");
	const order = [...models].sort((one, other) => Number(other.installed) - Number(one.installed));
	const group = (label, here) => {
		const found = order.filter((model) => model.installed === here);
		return found.length ? el("optgroup", { label }, ...found.map((model) => el("option", { value: model.name }, model.title ?? model.name))) : null;
	};
	const select = el("select", { id, onchange: changed }, group("Ready", true), group("Not installed: a stand-in plays", false));
	const note = el("small", { id: `${id}-note` });
	select.setAttribute("aria-describedby", note.id);
	const chosen = () => models.find((model) => model.name === select.value);
	const tell = () => {
		const model = chosen();
		if (!model) return;
		const licence = `Licence of the result: ${model.licence}`;
		note.textContent = model.installed ? licence : `${licence}. To install it: bandstand models pull ${model.name}`;
	};
	const write = (name) => {
		if (models.some((model) => model.name === name)) select.value = name;
	};
	write(field.fallback);
	return { node: el("div.field", el("label", { for: id }, "Model"), select, note), read: () => select.value, write, chosen, tell };
}

/** The built-in painter does not understand what it is asked for, and says so. */
function canvasBadge(model) {
	const badge = el("p.badge", el("strong", "Drawn, not diffused. "), "The built-in canvas paints mood, colours and shapes from your words; it cannot draw the things that they name.");
	const show = () => (badge.hidden = model.chosen()?.engine !== "canvas" && model.chosen()?.installed !== false);
	queueMicrotask(() => badge.closest("form").addEventListener("changed", show));
	return badge;
}
