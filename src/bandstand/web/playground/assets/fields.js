// The form's controls, made from the JSON schema of a wish: one for each field.
// A control has {node, read(), write(value)}; read() gives undefined for what is left as it is.

import { button, el, freshId, iconButton, labelled } from "./dom.js";

/** parts: the columns of "rows" */
export function fieldsOf({ properties, $defs }) {
	const follow = (found) => (found?.$ref ? $defs[found.$ref.split("/").pop()] : found);
	return Object.entries(properties).map(([name, given]) => {
		const options = (given.anyOf ?? [given]).filter(({ type }) => type !== "null");
		const shape = follow(options.find(({ $ref }) => $ref) ?? options[0]);
		const rows = follow(shape.items)?.properties;
		return {
			name,
			title: name[0].toUpperCase() + name.slice(1).replaceAll("_", " "),
			kind: kindOf(name, shape, rows),
			help: given.description,
			fallback: given.default ?? null,
			least: shape.minimum ?? shape.exclusiveMinimum,
			most: shape.maximum,
			longest: shape.maxLength,
			whole: shape.type === "integer",
			choices: shape.enum,
			parts: rows && fieldsOf({ properties: rows, $defs }),
		};
	});
}

function kindOf(name, { enum: choices, type }, rows) {
	if (name === "webhook") return "hook";
	if (choices) return "choice";
	return rows ? "rows" : type;
}

export const control = (field, changed) => MAKERS[field.kind]?.(field, changed);

const MAKERS = {
	string: (field, changed) => single(field, el("input", { dir: "auto", maxlength: field.longest, autocomplete: "off", oninput: changed }), (text) => text),
	// Only the address: which events it is told of keeps its default.
	hook: (field, changed) => single(field, el("input", { type: "url", placeholder: "https://…", oninput: changed }), (url) => ({ url }), (hook) => hook.url),
	integer: number,
	number,
	choice,
	boolean,
	rows,
};

function number(field, changed) {
	// Beyond this a number in JSON is no longer exact in a browser.
	const max = field.most && Math.min(field.most, Number.MAX_SAFE_INTEGER);
	const input = el("input", { type: "number", step: field.whole ? 1 : "any", min: field.least, max, placeholder: field.fallback ?? "automatic", oninput: changed });
	return single(field, input, Number);
}

function choice(field, changed) {
	const names = [...(field.fallback === null ? [""] : []), ...field.choices];
	const input = el("select", { onchange: changed }, ...names.map((name) => el("option", { value: name }, String(name || "none"))));
	return single(field, input, (text) => field.choices.find((name) => String(name) === text), String, field.fallback ?? "");
}

function boolean(field, changed) {
	const input = el("input", { type: "checkbox", role: "switch", onchange: changed });
	const write = (value) => (input.checked = value ?? field.fallback);
	const node = titled(field, input);
	node.classList.add("switch");
	write();
	return { node, write, read: () => (input.checked === field.fallback ? undefined : input.checked) };
}

const titled = ({ title, help }, input) => labelled(title, input, help && el("small", help));

/** One input. toValue: from its text; toText: the other way */
function single(field, input, toValue, toText = String, blank = "") {
	const read = () => {
		const text = input.value.trim();
		const value = text ? toValue(text) : field.fallback;
		return value === field.fallback ? undefined : value;
	};
	const write = (value) => (input.value = (value ?? field.fallback) === field.fallback ? blank : toText(value));
	write();
	return { node: titled(field, input), read, write };
}

/** A row for each small object, a control for each of its members. */
function rows({ name, title, help, parts }, changed) {
	const made = [];
	const list = el("div.rows");
	const add = (value) => {
		const members = parts.map((part) => ({ name: part.name, ...control(part, changed) }));
		members.forEach((member) => member.write(value?.[member.name]));
		const drop = () => {
			made.splice(made.indexOf(row), 1);
			row.node.remove();
			changed();
		};
		const node = el("div.row", ...members.map((member) => member.node), iconButton("close", `Remove from ${name}`, drop));
		const row = { node, members };
		made.push(row);
		list.append(node);
	};
	const more = button("plus", `Add to ${name}`, () => (add(), changed()));
	const valueOf = ({ members }) => Object.fromEntries(members.map((member) => [member.name, member.read()]).filter(([, value]) => value !== undefined));
	const write = (values) => {
		made.splice(0).forEach((row) => row.node.remove());
		values?.forEach(add);
	};
	return { node: el("fieldset.field", el("legend", title), el("small", help), list, more), read: () => (made.length ? made.map(valueOf) : undefined), write };
}

const STOPS = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 240, 300, 420, 600];

/** A slider over lengths that people want, and a number for any other. */
export function lengthControl({ least, most }, start, changed) {
	const stops = STOPS.filter((stop) => stop >= least && stop <= most);
	const id = freshId();
	const write = (value) => {
		number.value = value ?? start;
		show();
	};
	const show = () => {
		slider.value = stops.findLastIndex((stop) => stop <= number.value);
		slider.setAttribute("aria-valuetext", `${number.value} seconds`);
	};
	const slider = el("input", { type: "range", max: stops.length - 1, id, oninput: () => (write(stops[slider.value]), changed()) });
	const number = el("input", { type: "number", min: least, max: most, step: "any", label: "Duration in seconds, exactly", oninput: () => (show(), changed()) });
	write();
	return { node: el("div.field.length", el("label", { for: id }, "Duration"), el("span.exact", number, " s"), slider), read: () => Number(number.value) || start, write };
}
