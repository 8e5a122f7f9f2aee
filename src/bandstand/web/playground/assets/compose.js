// The form that asks for a piece or a picture, made from the server's schema and models.

import * as api from "./api.js";
import { button, el, labelled } from "./dom.js";
import { control, fieldsOf, lengthControl } from "./fields.js";
import { credits } from "./format.js";
import { makeGiven } from "./given.js";
import { learn } from "./jobs.js";
import { say } from "./over.js";
import { showCode } from "./windows.js";

const ROLES = ["melody", "continues", "score", "init"];
/** Fields with a place of their own in the form; all others are drawn under "Advanced". */
const PLACED = new Set(["prompt", "model", "seconds", ...ROLES]);
/** What only models of some ability read. */
const NEEDS = {
	variation: "variation", stems: "stems", sections: "sections", multiband: "multiband",
	temperature: "multiband", top_k: "multiband", top_p: "multiband", guidance: "multiband",
};
const SECONDS_AT_FIRST = 20;
const EXAMPLES_SHOWN = 5;
const WORDS = {
	music: { form: "Ask for a piece", ask: "What should it sound like?", such: "A slow waltz for accordion and rain …", go: "Generate" },
	image: { form: "Ask for a picture", ask: "What should it show?", such: "A cover for rainy evening music …", go: "Draw" },
};

/** given: the answer of /app/schema. started(job): it was accepted. return {node, fill(wish, given), generate()} */
export function makeForm(kind, given, { started }) {
	const words = WORDS[kind];
	const fields = fieldsOf(given[kind]);
	const named = Object.fromEntries(fields.map((field) => [field.name, field]));
	const changed = () => refresh();

	const prompt = promptBox(words, named.prompt, changed);
	const model = modelBox(given.models.filter((model) => model.kind === kind), named.model, changed);
	const length = named.seconds && lengthControl(named.seconds, SECONDS_AT_FIRST, changed);
	const start = makeGiven(ROLES.filter((role) => named[role]), changed);
	const extras = fields
		.filter(({ name }) => !PLACED.has(name))
		.map((field) => ({ name: field.name, ...control(field, changed) }))
		.filter(({ node }) => node);
	const advanced = el("details.advanced", el("summary", "Advanced"), el("div.fields", ...extras.map(({ node }) => node)));
	const trouble = el("p.bad", { role: "alert" });
	const price = el("span.dim.num");
	const go = el("button.primary", { type: "submit" }, words.go, el("kbd", { "aria-hidden": "true" }, navigator.platform.startsWith("Mac") ? "⌘ ↵" : "Ctrl ↵"));
	const code = button("code", "Code", () => showCode(kind, wish()), { title: "The same request as code" });
	const submit = (event) => {
		event.preventDefault();
		generate();
	};
	const node = el("form.composer", { label: words.form, novalidate: true, onsubmit: submit },
		prompt.node, kind === "music" && examples(given.examples), model.node, length?.node, start.node, advanced, trouble, el("div.send", go, code, price),
	);

	function examples(texts) {
		const chips = texts.slice(0, EXAMPLES_SHOWN).map((text) => el("button.chip.clip", { dir: "auto", title: text, onclick: () => take(text) }, text.split(",")[0]));
		return el("div.chips", { role: "group", label: "Examples" }, ...chips);
	}

	function take(text) {
		prompt.write(text);
		refresh();
		prompt.input.focus();
	}

	function wish() {
		const made = { prompt: prompt.input.value, ...start.read() };
		if (model.read() !== named.model.fallback) made.model = model.read();
		if (length) made.seconds = length.read();
		for (const { name, node, read } of extras) if (!node.hidden && read() !== undefined) made[name] = read();
		return made;
	}

	function refresh() {
		const chosen = model.chosen();
		for (const { name, node } of extras) node.hidden = kind === "music" && name in NEEDS && chosen?.abilities.includes(NEEDS[name]) === false;
		const cost = (chosen?.credits_per_second ?? 0) * (length?.read() ?? 1);
		price.textContent = given.isMetered && cost ? `${credits(cost)} credits` : "";
		trouble.textContent = "";
		model.tell();
	}

	async function generate() {
		if (go.disabled) return;
		go.disabled = true;
		try {
			started(learn(await api.create(kind, wish())));
			say("Accepted");
		} catch (error) {
			trouble.textContent = error.fields?.map(({ field, problem }) => `${field.replaceAll("_", " ")} ${problem}`).join("; ") || error.message;
		} finally {
			go.disabled = false;
		}
	}

	/** What the earlier wish does not name goes back to how it was at first. */
	function fill(earlier, sound) {
		model.write(earlier.model ?? named.model.fallback);
		length?.write(earlier.seconds);
		for (const { name, write } of extras) write(earlier[name]);
		advanced.open = extras.some(({ name }) => earlier[name] !== undefined && name !== "seed");
		if (sound) start.give(sound);
		else start.drop();
		take(earlier.prompt);
	}

	refresh();
	return { node, fill, generate };
}

function promptBox({ ask, such }, { longest }, changed) {
	const count = el("small.num", { "aria-live": "polite" });
	const told = () => {
		const { length } = input.value;
		count.textContent = length > longest - 500 ? `${length} of ${longest} characters` : "";
		count.classList.toggle("excess", length > longest);
	};
	const input = el("textarea", { rows: 3, dir: "auto", placeholder: such, oninput: () => (told(), changed()) });
	const write = (text) => {
		input.value = text;
		told();
	};
	const node = labelled(ask, input, count);
	node.classList.add("prompt");
	return { node, input, write };
}

function modelBox(models, { fallback }, changed) {
	const group = (label, isHere) => {
		const found = models.filter(({ installed }) => installed === isHere);
		return found.length && el("optgroup", { label }, ...found.map(({ name, title }) => el("option", { value: name }, title ?? name)));
	};
	const select = el("select", { onchange: changed }, group("Ready", true), group("Not installed: a stand-in plays", false));
	const note = el("small");
	const badge = el("p.badge", { hidden: true }, el("strong", "Drawn, not diffused. "), "The built-in canvas paints mood, colours and shapes from your words; it cannot draw the things that they name.");
	const chosen = () => models.find(({ name }) => name === select.value);
	const tell = () => {
		const { name, kind, engine, installed, licence } = chosen() ?? {};
		note.textContent = `Licence: ${licence}${installed ? "" : `. To install it: bandstand models pull ${name}`}`;
		badge.hidden = kind !== "image" || (installed && engine !== "canvas");
	};
	const write = (name) => {
		if (models.some((model) => model.name === name)) select.value = name;
	};
	write(fallback);
	const node = labelled("Model", select, note);
	node.append(badge);
	return { node, read: () => select.value, write, chosen, tell };
}
