// The shape of a sound, drawn from its peaks: seek by click or key, mark a region by dragging.

import { el } from "./dom.js";
import { clock } from "./format.js";

const BAR = 3, GAP = 2, NEAR = 0.015;

export function makeWave({ label, seek, mark }) {
	const canvas = el("canvas");
	const node = el("div.wave", { role: "slider", tabindex: 0, label, "aria-valuemin": 0 }, canvas);
	const state = { peaks: [], seconds: 0, time: 0, have: 1, region: null };

	let frame;
	const redraw = () => {
		cancelAnimationFrame(frame);
		frame = requestAnimationFrame(() => paint(canvas, state));
	};

	/** have: the share of it that exists already */
	const show = ({ peaks, seconds, have = 1 }) => {
		Object.assign(state, { peaks, seconds, have });
		node.setAttribute("aria-valuemax", seconds.toFixed(1));
		at(Math.min(state.time, seconds));
	};
	const at = (time) => {
		state.time = time;
		node.setAttribute("aria-valuenow", time.toFixed(1));
		node.setAttribute("aria-valuetext", `${clock(time)} of ${clock(state.seconds)}`);
		redraw();
	};
	const region = (given) => {
		state.region = given;
		redraw();
	};

	const timeOf = (event) => {
		const box = canvas.getBoundingClientRect();
		return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)) * state.seconds;
	};
	drags(node, state, { timeOf, seek, mark });
	node.addEventListener("keydown", (event) => {
		const to = { Home: 0, End: state.seconds }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		seek(to);
	});
	new ResizeObserver(redraw).observe(node);
	document.addEventListener("theme", redraw);
	return { node, show, at, region };
}

function drags(node, state, { timeOf, seek, mark }) {
	let from = null;
	node.addEventListener("pointerdown", (event) => {
		if (event.button !== 0 || !state.seconds) return;
		node.setPointerCapture(event.pointerId);
		from = { x: event.clientX, fixed: fixedEdge(state, timeOf(event)), moved: false };
	});
	node.addEventListener("pointermove", (event) => {
		if (!from || (!from.moved && Math.abs(event.clientX - from.x) < 5)) return;
		from.moved = true;
		const [start, end] = [from.fixed, timeOf(event)].sort((one, other) => one - other);
		if (end - start > 0.05) mark({ start, end });
	});
	node.addEventListener("pointerup", (event) => {
		if (from && !from.moved) seek(timeOf(event));
		from = null;
	});
	node.addEventListener("pointercancel", () => (from = null));
}

/** What stays where it is: when an edge of the region is grabbed, the other one. */
function fixedEdge({ region, seconds }, grabbed) {
	const isNear = (time) => Math.abs(time - grabbed) < seconds * NEAR;
	if (region && isNear(region.end)) return region.start;
	return region && isNear(region.start) ? region.end : grabbed;
}

function paint(canvas, { peaks, seconds, time, have, region }) {
	const { width, height } = canvas.getBoundingClientRect();
	if (!width) return;
	const scale = devicePixelRatio;
	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	const ink = canvas.getContext("2d");
	ink.scale(scale, scale);
	const accent = getComputedStyle(canvas).color;
	const plain = getComputedStyle(canvas.parentElement).color;
	const place = (moment) => (seconds ? (moment / seconds) * width : 0);
	if (region) shade(ink, place(region.start), place(region.end), height, accent);

	const count = Math.max(1, Math.floor((width + GAP) / (BAR + GAP)));
	const step = width / count;
	const played = place(time);
	for (let bar = 0; bar < count; bar += 1) {
		const exists = (bar + 0.5) / count <= have;
		const tall = exists ? Math.max(3, loudest(peaks, bar / count, (bar + 1) / count) * (height - 4)) : 3;
		const x = bar * step;
		ink.fillStyle = x + BAR / 2 <= played ? accent : plain;
		ink.globalAlpha = x + BAR / 2 <= played ? 1 : exists ? 0.34 : 0.18;
		ink.beginPath();
		ink.roundRect(x, (height - tall) / 2, BAR, tall, BAR / 2);
		ink.fill();
	}
	ink.globalAlpha = 1;
}

function shade(ink, left, right, height, colour) {
	ink.fillStyle = colour;
	ink.globalAlpha = 0.16;
	ink.fillRect(left, 0, right - left, height);
	ink.globalAlpha = 0.9;
	ink.fillRect(left - 1, 0, 2, height);
	ink.fillRect(right - 1, 0, 2, height);
}

function loudest(peaks, from, to) {
	const first = Math.floor(from * peaks.length);
	return Math.max(0, ...peaks.slice(first, Math.max(first + 1, to * peaks.length)));
}
