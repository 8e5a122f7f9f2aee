// What can be done with a piece. offer: {fieldNames, models}, as the server told them

import * as api from "./api.js";
import { el } from "./dom.js";
import { bytes, fileName } from "./format.js";
import { find, forget, isFinal, isMusic, known, latest, learn, listen, titleOf } from "./jobs.js";
import { attempt, confirm } from "./over.js";

const NAMES = { audio: "Track", cover: "Cover", midi: "MIDI", plan: "Plan", stems: "Stems" };
const ENCODINGS = ["wav", "mp3", "flac", "ogg"];
const EXTENSION_SECONDS = 10;

/** The wish that made it, in the words of the native API. */
export function wishOf(job, { fieldNames }) {
	const asked = Object.entries(job.asked).filter(([name, value]) => fieldNames.has(name) && name !== "webhook" && isReusable(value));
	const { prompt, model, seed, seconds, encoding } = job;
	return { ...Object.fromEntries(asked), prompt, model, seed, ...(isMusic(job) && { seconds, encoding }) };
}

/** Of sound inside a request only the digest is remembered. */
const isReusable = (value) => !/^(data:|sha256)/.test(value?.source ?? value);

const order = (kind, wish) => attempt(async () => learn(await api.create(kind, wish)), "Accepted");

/** As a variation where the model knows these, else from another seed. */
export function vary(job, offer) {
	const { seed, ...wish } = wishOf(job, offer);
	const maker = offer.models.find(({ name }) => name === job.made_by.model);
	if (!maker?.abilities.includes("variation")) return order(job.kind, wish);
	const sisters = [...known.values()].filter((other) => other.prompt === job.prompt && other.seed === seed);
	const last = Math.max(0, ...sisters.map(({ asked }) => asked.variation ?? 0));
	return order(job.kind, { ...wish, seed, variation: last + 1 });
}

/** Each from a seed of its own. */
export async function fourTakes(job, offer) {
	const { seed, variation, ...wish } = wishOf(job, offer);
	for (let take = 0; take < 4; take += 1) if (!(await order(job.kind, wish))) return;
}

/** What the form is filled with to go on from it. */
export async function extension(job, offer) {
	const fresh = await api.get(`/app/v1/jobs/${job.id}`);
	const shape = await api.get(`/app/jobs/${job.id}/peaks`).catch(() => ({ peaks: [], seconds: job.seconds }));
	const { seed, melody, continues, score, variation, ...wish } = wishOf(fresh, offer);
	wish.seconds += EXTENSION_SECONDS;
	return { wish, sound: { role: "continues", url: find(fresh, "audio").url, name: titleOf(job), ...shape } };
}

export async function toggleFavourite(job) {
	const on = !latest(job).favourite;
	learn({ ...latest(job), favourite: on });
	if (!(await attempt(() => (on ? api.put : api.remove)(`/app/jobs/${job.id}/favourite`)))) learn({ ...latest(job), favourite: !on });
}

export async function remove({ id }) {
	if (!(await confirm("Delete it with all its files?", "Delete"))) return;
	if (await attempt(() => api.remove(`/app/v1/jobs/${id}`), "Deleted")) forget(id);
}

export const cancel = ({ id }) => attempt(async () => learn(await api.post(`/app/v1/jobs/${id}/cancel`)), "Canceled");

/** Every file there is, and other formats, made anew from the same seed. */
export function downloads(job, offer) {
	const files = job.outputs.map((output) => ({
		text: NAMES[output.kind] ?? output.name,
		detail: `${output.name.split(".").pop().toUpperCase()} · ${bytes(output.bytes)}`,
		onclick: () => save(output, job),
	}));
	if (!isMusic(job)) return files;
	const again = (text, change, kind) => ({ text, detail: "made again", onclick: () => makeAgain(job, { ...wishOf(job, offer), ...change }, kind) });
	const others = ENCODINGS.filter((encoding) => !job.encoding.startsWith(encoding));
	const hasStems = find(job, "stems") || job.made_by.engine !== "composer";
	return [...files, ...others.map((encoding) => again(`Track as ${encoding.toUpperCase()}`, { encoding }, "audio")), !hasStems && again("Stems", { stems: "wav" }, "stems")];
}

async function makeAgain(job, wish, kind) {
	const made = await order("music", wish);
	if (!made) return;
	const stop = listen((now) => {
		if (now?.id !== made.id || !isFinal(now)) return;
		stop();
		save(find(now, kind), job);
	});
}

/** Under a name made from the prompt, for the server's own is "track.wav". */
async function save(output, job) {
	if (!output) return;
	const content = await (await fetch(api.local(output.url))).blob();
	const href = URL.createObjectURL(content);
	el("a", { href, download: fileName(job.prompt, output.name.replace(/^track\./, "")) }).click();
	setTimeout(() => URL.revokeObjectURL(href), 60000);
}

export const downloadFirst = (job) => save(find(job, isMusic(job) ? "audio" : "image"), job);
