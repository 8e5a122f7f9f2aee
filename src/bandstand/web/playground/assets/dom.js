// Making elements. Text always goes in as text: nothing here reads markup.

/** el("p.soft", { onclick: f }, "text", child): the members may be left out; children that are not there are. */
export function el(words, given, ...children) {
	const [tag, ...classes] = words.split(".");
	const node = document.createElement(tag);
	if (tag === "button") node.type = "button";
	if (classes.length) node.className = classes.join(" ");
	if (given?.constructor === Object) Object.entries(given).forEach(([name, value]) => set(node, name, value));
	else children.unshift(given);
	node.append(...children.flat().filter(Boolean));
	return node;
}

function set(node, name, value) {
	if ((value ?? false) === false) return;
	if (name === "label" && !("label" in node)) node.setAttribute("aria-label", value);
	else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
	else node.setAttribute(name, value === true ? "" : value);
}

const PATHS = {
	play: "M7 4.5v15l12-7.5z",
	pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
	loop: "M17 2.5 20.5 6 17 9.5M20 6H4v6M7 21.5 3.5 18 7 14.5M4 18h16v-6",
	heart: "M12 20.3 4.6 12.9a4.7 4.7 0 0 1 6.6-6.6l.8.8.8-.8a4.7 4.7 0 0 1 6.6 6.6z",
	down: "M12 3.5v12M7 11l5 5 5-5M4.5 20.5h15",
	share: "M12 15.5v-12M7.5 8 12 3.5 16.5 8M5 12v8.5h14V12",
	code: "M8.5 7 3.5 12l5 5M15.5 7l5 5-5 5",
	extend: "M3.5 12h13M12 7l5 5-5 5M20.5 5v14",
	shuffle: "M3.5 7h4l9 10h4M17.5 14l3 3-3 3M3.5 17h4l3-3.3M13.5 10.3l3-3.3h4M17.5 4l3 3-3 3",
	reuse: "M4.5 12a7.5 7.5 0 1 0 2.2-5.3L4 9.4M4 4.5v5h5",
	more: "M4.5 11.5h1v1h-1zM11.5 11.5h1v1h-1zM18.5 11.5h1v1h-1z",
	trash: "M4.5 6.5h15M9.5 6V4h5v2M6.5 6.5l1 13.5h9l1-13.5M12 10.5v6",
	close: "M6 6l12 12M18 6 6 18",
	search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.2 16.2l4.3 4.3",
	mic: "M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
	file: "M13.5 3.5h-7v17h11V7.5zM13.5 3.5v4h4",
	light: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1 1M18 18l1 1M5 19l1-1M18 6l1-1",
	dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
	help: "M9 9a3 3 0 1 1 4.3 2.7c-.8.4-1.3 1-1.3 2v.6M12 17.8h.01",
	copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
	picture: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9.5h.01",
	note: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
	plus: "M12 5v14M5 12h14",
};
const FILLED = new Set(["play", "pause"]);
const SVG = "http://www.w3.org/2000/svg";

/** For the eye: what holds it has a label. */
export function icon(name) {
	const svg = document.createElementNS(SVG, "svg");
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("aria-hidden", "true");
	svg.setAttribute("class", FILLED.has(name) ? "icon filled" : "icon");
	const path = document.createElementNS(SVG, "path");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}

/** A button of an icon and words; one of an icon alone, of which `label` is the name. */
export const button = (drawing, text, onclick, more) => el("button", { class: "soft", onclick, ...more }, drawing && icon(drawing), el("span", text));
export const iconButton = (drawing, label, onclick, more) => el("button", { class: "quiet", label, title: label, onclick, ...more }, icon(drawing));

/** Text of strangers, in its own direction. */
export const theirs = (text, words = "bdi") => el(words, { dir: "auto" }, text);


let ids = 0;
export const freshId = () => `id-${(ids += 1)}`;

/** An input under its name, and what else is to be known of it. */
export function labelled(name, input, help) {
	input.id = freshId();
	if (help) {
		help.id = freshId();
		input.setAttribute("aria-describedby", help.id);
	}
	return el("div.field", el("label", { for: input.id }, name), input, help);
}
