// What to start from: a file dropped or browsed for, a recording, an earlier piece. Sound can be cut.

import * as api from "./api.js";
import { button, el, iconButton, theirs } from "./dom.js";
import { clock, span } from "./format.js";
import { attempt, say } from "./over.js";
import { record } from "./record.js";
import { makeSegments } from "./tabs.js";
import { makeWave } from "./wave.js";

const ROLES = {
	melody: "Follow its melody",
	continues: "Go on from it",
	score: "Play its notes",
	init: "Start from this picture",
};
const SOUND_ROLES = ["melody", "continues"];
const NOTES = /\.(midi?|json)$/i;
const SOUNDS = "audio/*,.mid,.midi,.json";
const PICTURES = ".png,.jpg,.jpeg,.webp";

/** roles: which of ROLES the schema knows. return {node, read(): members of the wish, give({role, url, name, seconds, peaks}), drop()} */
export function makeGiven(roles, changed) {
	let given = null;
	const node = el("div.given");
	const isPicture = roles.includes("init");

	const show = () => {
		node.replaceChildren(given ? held(given, { roles, drop, changed }) : empty({ isPicture, take }));
		changed();
	};
	const drop = () => {
		given = null;
		show();
		node.querySelector("button").focus();
	};
	const give = (file) => {
		const role = isPicture ? "init" : NOTES.test(file.name) ? "score" : "melody";
		given = { role, ...file, start: 0, end: file.seconds };
		show();
	};
	const take = async (file) => {
		if (!file) return;
		node.replaceChildren(el("p.drop", { role: "status" }, "Uploading ", theirs(file.name), " …"));
		const kept = await attempt(() => api.upload(file), "It is here");
		if (kept) give(kept);
		else show();
	};
	for (const name of ["dragover", "dragleave", "drop"]) {
		node.addEventListener(name, (event) => {
			event.preventDefault();
			node.classList.toggle("over", name === "dragover");
			if (name === "drop") take(event.dataTransfer.files[0]);
		});
	}
	node.append(empty({ isPicture, take }));
	return { node, give, drop, read: () => (given ? { [given.role]: member(given) } : {}) };
}

/** An address, and of sound which stretch. */
function member({ role, url, start, end, seconds }) {
	const isWhole = start < 0.01 && end > seconds - 0.01;
	if (!SOUND_ROLES.includes(role) || (role === "melody" && isWhole)) return url;
	return isWhole ? { source: url } : { source: url, start: hundredth(start), end: hundredth(end) };
}

const hundredth = (seconds) => Math.round(seconds * 100) / 100;

function empty({ isPicture, take }) {
	const input = el("input.unseen", { type: "file", tabindex: -1, label: "A file to start from", accept: isPicture ? PICTURES : SOUNDS, onchange: () => take(input.files[0]) });
	const browse = button("file", "Browse", () => input.click());
	const words = isPicture ? "Drop a picture to start from" : "Drop a melody, a track to go on from, or a MIDI file";
	return el("div.drop", el("p", words), el("div.buttons", browse, !isPicture && microphone(take), input));
}

function microphone(take) {
	let running = null;
	const press = async () => {
		if (running) {
			const { stop } = running;
			running = null;
			label.textContent = "One moment …";
			return take(await stop());
		}
		running = await record().catch(() => say("The microphone was not allowed, or there is none.", "trouble"));
		if (!running) return;
		node.classList.add("recording");
		say("Recording. Press again to stop.");
		const began = performance.now();
		const count = setInterval(() => {
			if (!node.isConnected) running?.drop();
			if (!node.isConnected || !running) return clearInterval(count);
			label.textContent = `Stop ${clock((performance.now() - began) / 1000)}`;
		}, 200);
	};
	const node = button("mic", "Record", press);
	const label = node.querySelector("span");
	return node;
}

function held(given, { roles, drop, changed }) {
	const isSound = Boolean(given.seconds);
	const fits = roles.filter((role) => (isSound ? SOUND_ROLES.includes(role) : role === given.role));
	const choose = makeSegments("What to do with it", fits.map((role) => [role, ROLES[role]]), given.role, (role) => {
		given.role = role;
		changed();
	});
	const remove = iconButton("close", "Take it away", drop);
	const head = el("div.head", theirs(given.name, "strong.clip"), isSound && el("span.dim.num", clock(given.seconds)), remove);
	return el("div.held", head, choose, isSound && trim(given, changed));
}

/** Two sliders for hands on the keyboard, and the waveform for the pointer. */
function trim(given, changed) {
	const { seconds, peaks } = given;
	const told = el("output.num");
	const edge = (name, label) => el("input", { type: "range", max: seconds, step: 0.05, label, oninput: () => cut({ [name]: Number(edges[name].value) }) });
	const edges = { start: edge("start", "Cut: from"), end: edge("end", "Cut: to") };
	const wave = makeWave({ label: "The sound that was given", seek: () => {}, mark: (region) => cut(region) });
	const cut = (wanted) => {
		const { start, end } = { ...given, ...wanted };
		if (end - start >= 0.1) Object.assign(given, { start, end });
		show();
		changed();
	};
	const show = () => {
		const { start, end } = given;
		for (const [name, input] of Object.entries(edges)) {
			input.value = given[name];
			input.setAttribute("aria-valuetext", `${given[name].toFixed(1)} seconds`);
		}
		wave.region({ start, end });
		told.textContent = `${start.toFixed(1)} s to ${end.toFixed(1)} s · ${span(Math.round((end - start) * 10) / 10)}`;
	};
	wave.show({ peaks, seconds });
	show();
	return el("div.trim", wave.node, el("div.edges", edges.start, edges.end), told);
}
