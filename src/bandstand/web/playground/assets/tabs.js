// Choices side by side: tabs, and segments, which are radio buttons.

import { el, freshId, icon } from "./dom.js";

/** names: [[text, icon or nothing]]; panel: what they show; chosen(at) */
export function makeTabs(label, names, panel, chosen) {
	let now = 0;
	panel.id = freshId();
	panel.setAttribute("role", "tabpanel");
	const tabs = names.map(([text, drawing], at) => el("button", { role: "tab", id: freshId(), "aria-controls": panel.id, onclick: () => choose(at) }, drawing && icon(drawing), text));
	const choose = (at) => {
		now = at;
		tabs.forEach((tab, index) => {
			tab.setAttribute("aria-selected", index === at);
			tab.tabIndex = index === at ? 0 : -1;
		});
		panel.setAttribute("aria-labelledby", tabs[at].id);
		chosen(at);
	};
	const focus = () => tabs[now].focus();
	const step = (event) => {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!by) return;
		choose((now + by + tabs.length) % tabs.length);
		focus();
	};
	return { node: el("div.tabs", { role: "tablist", label, onkeydown: step }, ...tabs), choose, focus };
}

/** choices: [[value, text]]; changed(value) */
export function makeSegments(label, choices, first, changed = () => {}) {
	const name = freshId();
	const made = choices.map(([value, text]) => el("label", el("input", { type: "radio", name, value, checked: value === first, onchange: () => changed(value) }), el("span", text)));
	return el("div.segments", { role: "radiogroup", label }, ...made);
}
