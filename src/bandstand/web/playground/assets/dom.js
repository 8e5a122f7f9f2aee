// Making elements. Text always goes in as text: nothing here reads markup.

/** el("p.soft", { onclick: f }, "text", child): the members may be left out; null and false children are. */
export function el(words, given, ...children) {
	const [tag, ...classes] = words.split(".");
	const node = document.createElement(tag);
	if (tag === "button") node.type = "button";
	if (classes.length) node.className = classes.join(" ");
	if (given?.constructor === Object) for (const [name, value] of Object.entries(given)) set(node, name, value);
	else children.unshift(given);
	node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return node;
}

function set(node, name, value) {
	if (value === null || value === undefined || value === false) return;
	if (name === "label" && !("label" in node)) node.setAttribute("aria-label", value);
	else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
	else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") node[name] = value;
	else node.setAttribute(name, value === true ? "" : value);
}

const PATHS = {
	play: "M7 4.5v15l12-7.5z",
	pause: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z",
	loop: "M17 2.5 20.5 6 17 9.5M20 6H8a4.5 4.5 0 0 0-4.5 4.5V12M7 21.5 3.5 18 7 14.5M4 18h12a4.5 4.5 0 0 0 4.5-4.5V12",
	heart: "M12 20.3 4.6 12.9a4.7 4.7 0 0 1 6.6-6.6l.8.8.8-.8a4.7 4.7 0 0 1 6.6 6.6z",
	down: "M12 3.5v12M7 11l5 5 5-5M4.5 20.5h15",
	share: "M8.5 13.3l7 3.9M15.5 6.8l-7 3.9M18 8a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM6 14.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM18 21a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
	code: "M8.5 7 3.5 12l5 5M15.5 7l5 5-5 5",
	extend: "M3.5 12h13M12 7l5 5-5 5M20.5 5v14",
	shuffle: "M3.5 7h3c5 0 6 10 11 10h3M17.5 14l3 3-3 3M3.5 17h3c1.7 0 2.9-1.1 3.9-2.6M13.4 9.6C14.5 8.1 15.8 7 17.5 7h3M17.5 4l3 3-3 3",
	reuse: "M4.5 12a7.5 7.5 0 1 0 2.2-5.3L4 9.4M4 4.5v5h5",
	more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
	trash: "M4.5 6.5h15M9.5 6V4h5v2M6.5 6.5l1 13.5h9l1-13.5M10.3 10.5v6M13.7 10.5v6",
	close: "M6 6l12 12M18 6 6 18",
	search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16.2 16.2l4.3 4.3",
	mic: "M12 14.5a3 3 0 0 0 3-3v-5a3 3 0 0 0-6 0v5a3 3 0 0 0 3 3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
	file: "M13.5 3.5h-7v17h11V7.5zM13.5 3.5v4h4",
	sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M4.9 4.9l1.8 1.8M17.3 17.3l1.8 1.8M4.9 19.1l1.8-1.8M17.3 6.7l1.8-1.8",
	moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
	help: "M9 9a3 3 0 1 1 4.3 2.7c-.8.4-1.3 1-1.3 2v.6M12 17.8h.01",
	copy: "M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4",
	picture: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9.5h.01",
	note: "M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
	plus: "M12 5v14M5 12h14",
};
const FILLED = new Set(["play", "pause"]);
const SVG = "http://www.w3.org/2000/svg";

/** One of our drawings, for the eye only: what holds it has a label. */
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

/** A button that shows an icon, and words when `text` is given; `label` is its name otherwise. */
export function button({ icon: drawing, text, label, class: kind = text ? "soft" : "quiet", ...more }) {
	return el("button", { class: kind, label, title: label, ...more }, drawing && icon(drawing), text && el("span", text));
}

/** Text of strangers: its direction is its own and does not spill into what stands around it. */
export const theirs = (text, tag = "bdi") => el(tag, { dir: "auto" }, text);

export function swapIcon(node, name) {
	node.querySelector(".icon").replaceWith(icon(name));
}

let ids = 0;
export const freshId = (word) => `${word}-${(ids += 1)}`;
