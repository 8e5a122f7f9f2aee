// One control for each field of a schema. A control has {node, read(), write(value)}; read() gives undefined for what is left as it is.

import { button, el, freshId } from "./dom.js";
import { words } from "./format.js";

const MAKERS = { text: textControl, number: numberControl, switch: switchControl, choice: choiceControl, rows: rowsControl, hook: hookControl };

export function control(field, changed) {
	return MAKERS[field.kind]?.(field, changed);
}

/** A label, the input under it, and what the schema says of it. */
function labelled(field, input, extra) {
	const id = freshId(field.name);
	const help = field.help && el("small", { id: `${id}-help` }, field.help);
	input.id = id;
	if (help) input.setAttribute("aria-describedby", help.id);
	return el("div.field", el("label", { for: id }, words(field.name)), input, extra, help);
}

function textControl(field, changed) {
	const input = el("input", { type: "text", dir: "auto", maxlength: field.longest, autocomplete: "off", oninput: changed });
	return { node: labelled(field, input), read: () => input.value.trim() || undefined, write: (value) => (input.value = value ?? "") };
}

function numberControl(field, changed) {
	const input = el("input", {
		type: "number", inputmode: "decimal", step: field.whole ? 1 : "any", min: field.least, max: sane(field.most),
		placeholder: field.fallback ?? "automatic", oninput: changed,
	});
	const read = () => (input.value === "" || Number(input.value) === field.fallback ? undefined : Number(input.value));
	return { node: labelled(field, input), input, read, write: (value) => (input.value = value === field.fallback ? "" : (value ?? "")) };
}

/** Beyond this a JSON number read by a browser is no longer exact. */
const sane = (most) => (most === undefined ? undefined : Math.min(most, Number.MAX_SAFE_INTEGER));

function switchControl(field, changed) {
	const input = el("input", { type: "checkbox", role: "switch", checked: field.fallback === true, onchange: changed });
	const node = labelled(field, input);
	node.classList.add("switch");
	return {
		node,
		read: () => (input.checked === field.fallback ? undefined : input.checked),
		write: (value) => (input.checked = value ?? field.fallback === true),
	};
}

function choiceControl(field, changed) {
	const none = field.fallback === null && el("option", { value: "" }, "none");
	const input = el("select", { onchange: changed }, none, ...field.choices.map((choice) => el("option", { value: choice }, String(choice))));
	input.value = field.fallback ?? "";
	const typed = () => field.choices.find((choice) => String(choice) === input.value);
	return {
		node: labelled(field, input),
		read: () => (typed() === (field.fallback ?? undefined) ? undefined : typed()),
		write: (value) => (input.value = String(value ?? field.fallback ?? "")),
	};
}

/** A list of small objects: a row for each, a control for each of its members. */
function rowsControl(field, changed) {
	const rows = [];
	const list = el("div.rows");
	const add = (value) => {
		const row = { controls: field.parts.map((part) => [part.name, control(part, changed)]) };
		for (const [name, inner] of row.controls) inner.write(value?.[name]);
		const drop = () => {
			rows.splice(rows.indexOf(row), 1);
			row.node.remove();
			changed();
		};
		row.node = el("div.row", ...row.controls.map(([, inner]) => inner.node), button({ icon: "close", label: `Remove from ${field.name}`, onclick: drop }));
		rows.push(row);
		list.append(row.node);
	};
	const more = button({ icon: "plus", text: `Add to ${field.name}`, onclick: () => (add(), changed()) });
	const node = el("fieldset.field", el("legend", words(field.name)), el("small", field.help), list, more);
	const read = () => {
		const values = rows.map((row) => Object.fromEntries(row.controls.map(([name, inner]) => [name, inner.read()]).filter(([, value]) => value !== undefined)));
		return values.length ? values : undefined;
	};
	const write = (values) => {
		rows.splice(0).forEach((row) => row.node.remove());
		(values ?? []).forEach(add);
	};
	return { node, read, write };
}

/** Of a webhook only the address is asked for here; which events it is told of keeps its default. */
function hookControl(field, changed) {
	const input = el("input", { type: "url", placeholder: "https://…", autocomplete: "off", oninput: changed });
	return {
		node: labelled(field, input),
		read: () => (input.value.trim() ? { url: input.value.trim() } : undefined),
		write: (value) => (input.value = value?.url ?? ""),
	};
}

const STOPS = [0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 105, 120, 150, 180, 240, 300, 420, 600];

/** How long: a slider over lengths that people want, and a number beside it for any other. */
export function lengthControl(field, start, changed) {
	const stops = STOPS.filter((stop) => stop >= field.least && stop <= field.most);
	const id = freshId("seconds");
	const slider = el("input", { type: "range", min: 0, max: stops.length - 1, step: 1, id });
	const exact = el("input", { type: "number", min: field.least, max: field.most, step: "any", inputmode: "decimal", "aria-label": "Duration in seconds, exactly" });
	const show = (value) => {
		const nearest = stops.reduce((best, stop, at) => (Math.abs(stop - value) < Math.abs(stops[best] - value) ? at : best), 0);
		slider.value = nearest;
		slider.setAttribute("aria-valuetext", `${value} seconds`);
	};
	const write = (value) => {
		exact.value = value ?? start;
		show(Number(exact.value));
	};
	slider.addEventListener("input", () => (write(stops[Number(slider.value)]), changed()));
	exact.addEventListener("input", () => (show(Number(exact.value)), changed()));
	write(start);
	const node = el("div.field.length", el("label", { for: id }, "Duration"), el("span.exact", exact, " s"), slider);
	return { node, read: () => Number(exact.value) || start, write };
}
