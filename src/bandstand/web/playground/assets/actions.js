// What can be done with a piece: another take, a longer one, its settings once more, its files, its end.

import * as api from "./api.js";
import { confirm } from "./dialog.js";
import { bytes, fileName } from "./format.js";
import { FINAL, find, forget, isMusic, known, learn, listen } from "./jobs.js";
import { attempt } from "./toast.js";

const NAMES = { audio: "Track", cover: "Cover", midi: "MIDI", plan: "Plan", stems: "Stems", image: "Picture" };
const ENCODINGS = ["wav", "mp3", "flac", "ogg"];
const EXTENSION_SECONDS = 10;

/** The wish that made it, in the native API's words, whichever API it came through. */
export function wishOf(job, fieldNames) {
	const asked = Object.entries(job.asked ?? {}).filter(([name, value]) => fieldNames.has(name) && name !== "webhook" && isReusable(value));
	const own = { prompt: job.prompt, model: job.model, seed: job.seed, ...(isMusic(job) ? { seconds: job.seconds, encoding: job.encoding } : {}) };
	return { ...Object.fromEntries(asked), ...own };
}

/** Sound that came inside a request is remembered by its digest only, and cannot be asked for again. */
function isReusable(value) {
	const source = value?.source ?? value;
	return typeof source !== "string" || !/^(data:|sha256)/.test(source);
}

export const order = (kind, wish) => attempt(async () => learn(await api.create(kind, wish)), "Accepted");

/** The piece once more with other details: as a variation where the model knows these, else from another seed. */
export function vary(job, { fieldNames, models }) {
	const wish = wishOf(job, fieldNames);
	const varies = models.find((model) => model.name === job.made_by.model)?.abilities?.includes("variation");
	if (!varies) return order(job.kind ?? "music", without(wish, "seed"));
	const sisters = [...known.values()].filter((other) => other.prompt === job.prompt && other.seed === job.seed);
	const last = Math.max(0, ...sisters.map((other) => other.asked?.variation ?? 0));
	return order("music", { ...wish, variation: last + 1 });
}

/** Four new takes of the same wish, each from a seed of its own. */
export async function fourTakes(job, { fieldNames }) {
	const wish = without(wishOf(job, fieldNames), "seed", "variation");
	for (let take = 0; take < 4; take += 1) if (!(await order(job.kind ?? "music", wish))) return;
}

function without(wish, ...names) {
	return Object.fromEntries(Object.entries(wish).filter(([name]) => !names.includes(name)));
}

/** What the form is filled with to go on from a piece. return {wish, sound} */
export async function extension(job, { fieldNames }) {
	const fresh = await api.job(job.id);
	const shape = await api.peaks(job.id).catch(() => ({ peaks: [], seconds: job.seconds }));
	const wish = { ...without(wishOf(fresh, fieldNames), "seed", "melody", "continues", "score", "variation"), seconds: job.seconds + EXTENSION_SECONDS };
	const sound = { role: "continues", url: find(fresh, "audio").url, name: job.prompt.slice(0, 80) || "Untitled", ...shape };
	return { wish, sound };
}

export async function setFavourite(job, on) {
	learn({ ...job, favourite: on });
	if (!(await attempt(() => api.favourite(job.id, on)))) learn({ ...job, favourite: !on });
}

export async function remove(job) {
	if (!(await confirm("Delete it with all its files?", "Delete"))) return;
	if (await attempt(() => api.remove(job.id), "Deleted")) forget(job.id);
}

export const cancel = (job) => attempt(async () => learn(await api.cancel(job.id)), "Canceled");

/** For a menu: every file there is, and the other formats, which are made anew from the same seed. */
export function downloads(job, { fieldNames }) {
	const files = job.outputs.map((output) => ({
		text: isMusic(job) ? NAMES[output.kind] ?? output.kind : output.name,
		detail: `${output.name.split(".").pop().toUpperCase()} · ${bytes(output.bytes)}`,
		onclick: () => save(output, job),
	}));
	if (!isMusic(job)) return files;
	const others = ENCODINGS.filter((encoding) => !job.encoding.startsWith(encoding)).map((encoding) => ({
		text: `Track as ${encoding.toUpperCase()}`, detail: "made again", onclick: () => again(job, { encoding }, fieldNames, "audio"),
	}));
	const stems = !find(job, "stems") && job.made_by.engine === "composer" && { text: "Stems", detail: "made again", onclick: () => again(job, { stems: "wav" }, fieldNames, "stems") };
	return [...files, ...others, stems];
}

async function again(job, change, fieldNames, kind) {
	const made = await order("music", { ...wishOf(job, fieldNames), ...change });
	if (!made) return;
	const stop = listen((now) => {
		if (now?.id !== made.id || !FINAL.has(now.status)) return;
		stop();
		const output = find(now, kind);
		if (output) save(output, job);
	});
}

/** Under a name made from the prompt: the server's own would be "track.wav" for all of them. */
async function save({ url, name }, job) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(await (await fetch(api.local(url))).blob());
	link.download = fileName(job.prompt, name.replace(/^track\./, ""));
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** D: the track itself, at once. */
export function downloadFirst(job) {
	const output = find(job, isMusic(job) ? "audio" : "image");
	if (output) save(output, job);
}
