// The form's controls, made from the JSON schema of a wish: one for each field.
// A control has {node, read(), write(value)}; read() gives undefined for what is left as it is.

import { button, el, freshId } from "./dom.js";
import { words } from "./format.js";

/** return [{name, kind, help, fallback, least, most, longest, whole, choices, parts}], parts being the columns of "rows" */
export function fieldsOf(schema) {
	return Object.entries(schema.properties).map(([name, given]) => fieldOf(name, given, schema.$defs));
}

function fieldOf(name, given, defs) {
	const follow = (found) => (found?.$ref ? defs[found.$ref.split("/").pop()] : found);
	const options = (given.anyOf ?? [given]).filter((option) => option.type !== "null");
	const shape = follow(options.find((option) => option.$ref) ?? options[0]);
	const rows = follow(shape.items)?.properties;
	return {
		name,
		kind: kindOf(name, shape, rows),
		help: given.description,
		fallback: given.default ?? null,
		least: shape.minimum ?? shape.exclusiveMinimum,
		most: shape.maximum,
		longest: shape.maxLength,
		whole: shape.type === "integer",
		choices: shape.enum,
		parts: rows && fieldsOf({ properties: rows, $defs: defs }),
	};
}

function kindOf(name, { enum: choices, type }, rows) {
	if (name === "webhook") return "hook";
	if (choices) return "choice";
	if (rows) return "rows";
	return { boolean: "switch", integer: "number", number: "number", string: "text" }[type];
}

/** Nothing for a kind that has a place of its own. */
export const control = (field, changed) => MAKERS[field.kind]?.(field, changed);

const MAKERS = {
	text: (field, changed) => single(field, el("input", { dir: "auto", maxlength: field.longest, autocomplete: "off", oninput: changed }), (text) => text.trim()),
	// Of a webhook only the address is asked for; which events it is told of keeps its default.
	hook: (field, changed) => single(field, el("input", { type: "url", placeholder: "https://…", oninput: changed }), (text) => text.trim() && { url: text.trim() }, (hook) => hook.url),
	number: (field, changed) => single(field, el("input", { type: "number", step: field.whole ? 1 : "any", min: field.least, max: exact(field.most), placeholder: field.fallback ?? "automatic", oninput: changed }), (text) => text && Number(text)),
	choice: (field, changed) => {
		const names = [...(field.fallback === null ? [""] : []), ...field.choices];
		const input = el("select", { onchange: changed }, ...names.map((name) => el("option", { value: name }, String(name || "none"))));
		return single(field, input, (text) => field.choices.find((choice) => String(choice) === text), String, field.fallback ?? "");
	},
	switch: (field, changed) => {
		const input = el("input", { type: "checkbox", role: "switch", onchange: changed });
		const write = (value) => (input.checked = value ?? field.fallback);
		const node = labelled(field, input);
		node.classList.add("switch");
		write();
		return { node, write, read: () => (input.checked === field.fallback ? undefined : input.checked) };
	},
	rows,
};

/** Beyond this a number in JSON is no longer exact in a browser. */
const exact = (most) => most && Math.min(most, Number.MAX_SAFE_INTEGER);

function labelled(field, input) {
	const id = freshId(field.name);
	const help = field.help && el("small", { id: `${id}-help` }, field.help);
	input.id = id;
	if (help) input.setAttribute("aria-describedby", help.id);
	return el("div.field", el("label", { for: id }, words(field.name)), input, help);
}

/** One input. toValue: from its text, empty for nothing; toText: the other way */
function single(field, input, toValue, toText = String, blank = "") {
	const read = () => {
		const value = toValue(input.value);
		return value === "" || value === field.fallback ? undefined : value;
	};
	const write = (value) => (input.value = (value ?? field.fallback) === field.fallback ? blank : toText(value));
	write();
	return { node: labelled(field, input), read, write };
}

/** A list of small objects: a row for each, a control for each of its members. */
function rows(field, changed) {
	const made = [];
	const list = el("div.rows");
	const add = (value) => {
		const row = field.parts.map((part) => [part.name, control(part, changed)]);
		for (const [name, inner] of row) inner.write(value?.[name]);
		const drop = () => {
			made.splice(made.indexOf(row), 1);
			row.node.remove();
			changed();
		};
		row.node = el("div.row", ...row.map(([, inner]) => inner.node), button({ icon: "close", label: `Remove from ${field.name}`, onclick: drop }));
		made.push(row);
		list.append(row.node);
	};
	const more = button({ icon: "plus", text: `Add to ${field.name}`, onclick: () => (add(), changed()) });
	const valueOf = (row) => Object.fromEntries(row.map(([name, inner]) => [name, inner.read()]).filter(([, value]) => value !== undefined));
	return {
		node: el("fieldset.field", el("legend", words(field.name)), el("small", field.help), list, more),
		read: () => (made.length ? made.map(valueOf) : undefined),
		write: (values) => {
			made.splice(0).forEach((row) => row.node.remove());
			values?.forEach(add);
		},
	};
}

const STOPS = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 240, 300, 420, 600];

/** How long: a slider over lengths that people want, and a number beside it for any other. */
export function lengthControl({ least, most }, start, changed) {
	const stops = STOPS.filter((stop) => stop >= least && stop <= most);
	const id = freshId("seconds");
	const slider = el("input", { type: "range", max: stops.length - 1, id });
	const number = el("input", { type: "number", min: least, max: most, step: "any", label: "Duration in seconds, exactly" });
	const show = () => {
		const distance = (at) => Math.abs(stops[at] - number.value);
		slider.value = stops.reduce((best, _, at) => (distance(at) < distance(best) ? at : best), 0);
		slider.setAttribute("aria-valuetext", `${number.value} seconds`);
	};
	const write = (value) => {
		number.value = value ?? start;
		show();
	};
	slider.addEventListener("input", () => (write(stops[slider.value]), changed()));
	number.addEventListener("input", () => (show(), changed()));
	write();
	const node = el("div.field.length", el("label", { for: id }, "Duration"), el("span.exact", number, " s"), slider);
	return { node, read: () => Number(number.value) || start, write };
}
