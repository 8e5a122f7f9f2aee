// A sound, notes or a picture to start from: dropped, browsed for, recorded, or an earlier piece. Sound can be cut on its waveform.

import * as api from "./api.js";
import { button, el, theirs } from "./dom.js";
import { clock, span } from "./format.js";
import { makeSegments } from "./tabs.js";
import { attempt, say } from "./toast.js";
import { makeWave } from "./wave.js";

const ROLES = {
	melody: "Follow its melody",
	continues: "Go on from it",
	score: "Play its notes",
	init: "Start from this picture",
};
const NOTES = /\.(midi?|json)$/i;
const SOUNDS = ".wav,.mp3,.flac,.ogg,.opus,.mid,.midi,.json,audio/*";
const PICTURES = ".png,.jpg,.jpeg,.webp";

/**
 * roles    which of ROLES the schema knows
 * return   {node, read(): the wish's members, give({role, url, name, seconds, peaks}), drop(), takesFiles(list)}
 */
export function makeGiven(roles, changed) {
	const state = { file: null, role: null, cut: null };
	const node = el("div.given");
	const isPicture = roles.includes("init");

	const show = () => {
		node.replaceChildren(state.file ? filled(state, roles, { drop, changed }) : empty({ isPicture, take }));
	};
	const drop = () => {
		Object.assign(state, { file: null, role: null, cut: null });
		show();
		changed();
		node.querySelector("button")?.focus();
	};
	const give = (file) => {
		const role = file.role ?? (isPicture ? "init" : NOTES.test(file.name) ? "score" : "melody");
		Object.assign(state, { file, role, cut: file.seconds ? { start: 0, end: file.seconds } : null });
		show();
		changed();
	};
	const take = async (file) => {
		node.replaceChildren(el("p.drop.busy", { role: "status" }, "Uploading ", theirs(file.name), " …"));
		const kept = await attempt(() => api.upload(file, file.name), "It is here");
		kept ? give(kept) : show();
	};
	drops(node, take);
	show();
	return { node, give, drop, take, read: () => wish(state) };
}

function wish({ file, role, cut }) {
	if (!file) return {};
	if (role === "score" || role === "init") return { [role]: file.url };
	const isWhole = !cut || (cut.start < 0.01 && cut.end > file.seconds - 0.01);
	const stretch = isWhole ? { source: file.url } : { source: file.url, start: tenth(cut.start), end: tenth(cut.end) };
	return { [role]: role === "melody" && isWhole ? file.url : stretch };
}

const tenth = (seconds) => Math.round(seconds * 100) / 100;

function drops(node, take) {
	const mark = (event, on) => {
		event.preventDefault();
		node.classList.toggle("over", on);
	};
	node.addEventListener("dragover", (event) => mark(event, true));
	node.addEventListener("dragleave", (event) => mark(event, false));
	node.addEventListener("drop", (event) => {
		mark(event, false);
		const [file] = event.dataTransfer.files;
		if (file) take(file);
	});
}

function empty({ isPicture, take }) {
	const input = el("input", { type: "file", class: "unseen", tabindex: -1, label: "A file to start from", accept: isPicture ? PICTURES : SOUNDS, onchange: () => input.files[0] && take(input.files[0]) });
	const browse = button({ icon: "file", text: "Browse", onclick: () => input.click() });
	const microphone = !isPicture && navigator.mediaDevices && window.MediaRecorder && button({ icon: "mic", text: "Record", onclick: () => recording(microphone, take) });
	const words = isPicture ? "Drop a picture to start from" : "Drop a melody, a track to go on from, or a MIDI file";
	return el("div.drop", el("p", words), el("div.buttons", browse, microphone, input));
}

async function recording(microphone, take) {
	const label = microphone.querySelector("span");
	if (microphone.running) {
		const { running } = microphone;
		microphone.running = null;
		label.textContent = "One moment …";
		return take(await running.stop());
	}
	try {
		microphone.running = await (await import("./record.js")).record();
	} catch {
		return say("The microphone was not allowed, or there is none.", "trouble");
	}
	microphone.classList.add("recording");
	say("Recording. Press again to stop.");
	const began = performance.now();
	const count = setInterval(() => {
		if (!microphone.isConnected) microphone.running?.drop();
		if (!microphone.running || !microphone.isConnected) return clearInterval(count);
		label.textContent = `Stop ${clock((performance.now() - began) / 1000)}`;
	}, 200);
}

function filled(state, roles, { drop, changed }) {
	const { file } = state;
	const remove = button({ icon: "close", label: "Take it away", onclick: drop });
	const head = el("div.head", theirs(file.name, "strong"), file.seconds && el("span.dim.num", clock(file.seconds)), remove);
	const fits = roles.filter((role) => (file.seconds ? role === "melody" || role === "continues" : role === state.role));
	const choose = makeSegments("What to do with it", fits.map((role) => [role, ROLES[role]]), state.role, (role) => ((state.role = role), changed()));
	return el("div.held", head, choose, file.seconds && trim(state, changed));
}

/** Two sliders for hands on the keyboard, and the waveform between them for the pointer. */
function trim(state, changed) {
	const { file } = state;
	const told = el("output.num");
	const edge = (name, label) =>
		el("input", { type: "range", min: 0, max: file.seconds, step: 0.05, label: label, oninput: () => cut({ ...state.cut, [name]: Number(edges[name].value) }, name) });
	const edges = { start: edge("start", "Cut: from"), end: edge("end", "Cut: to") };
	const wave = makeWave({ label: "The sound that was given", seek: () => {}, mark: (region) => cut(region) });
	const cut = (wanted, moved) => {
		const { start, end } = wanted;
		if (end - start < 0.1) return sync(moved);
		state.cut = { start, end };
		sync();
		changed();
	};
	const sync = () => {
		for (const [name, input] of Object.entries(edges)) {
			input.value = state.cut[name];
			input.setAttribute("aria-valuetext", `${state.cut[name].toFixed(1)} seconds`);
		}
		wave.region(state.cut);
		told.textContent = `${state.cut.start.toFixed(1)} s to ${state.cut.end.toFixed(1)} s · ${span(Math.round((state.cut.end - state.cut.start) * 10) / 10)}`;
	};
	wave.show({ peaks: file.peaks ?? [], seconds: file.seconds });
	sync();
	return el("div.trim", wave.node, el("div.edges", edges.start, edges.end), told);
}
