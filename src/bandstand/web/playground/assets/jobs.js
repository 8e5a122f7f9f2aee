// The jobs this page knows of, and being told when one of them changes.
// Kept current by server-sent events; where these do not come through, by asking each second.

import * as api from "./api.js";

export const known = new Map();
export const FINAL = new Set(["succeeded", "failed", "canceled"]);
export const isMusic = (job) => job.kind !== "image";
const listeners = new Set();
const firstSeen = new Map();

/** told(job, before): after each change; job is null when `before` was removed. */
export function listen(told) {
	listeners.add(told);
	return () => listeners.delete(told);
}

export function learn(job) {
	const before = known.get(job.id);
	if (before && FINAL.has(before.status) && !FINAL.has(job.status)) return before;
	const merged = { ...before, ...job };
	known.set(job.id, merged);
	if (merged.status === "running" && !firstSeen.has(job.id)) firstSeen.set(job.id, { at: performance.now(), progress: merged.progress });
	for (const told of listeners) told(merged, before);
	return merged;
}

export function forget(id) {
	const before = known.get(id);
	known.delete(id);
	for (const told of listeners) told(null, before ?? { id });
}

/** Seconds until it is finished, from how fast it went while we watched; NaN when nobody can tell yet. */
export function secondsLeft(job) {
	const seen = firstSeen.get(job.id);
	const gone = seen ? job.progress - seen.progress : 0;
	if (gone < 0.02) return Number.NaN;
	return ((1 - job.progress) * (performance.now() - seen.at)) / 1000 / gone;
}

export function find(job, kind) {
	return job.outputs.find((output) => output.kind === kind);
}

/** The picture that stands for it. */
export const cover = (job) => find(job, isMusic(job) ? "cover" : "image");

let polling = null;

export function watch() {
	const source = new EventSource("/app/events");
	source.addEventListener("job", (event) => learn(JSON.parse(event.data)));
	source.addEventListener("gone", (event) => forget(JSON.parse(event.data).id));
	source.onopen = () => {
		clearInterval(polling);
		polling = null;
	};
	source.onerror = () => {
		polling ??= setInterval(poll, 1000);
		if (source.readyState === EventSource.CLOSED) setTimeout(() => (source.close(), watch()), 5000);
	};
	setInterval(lookAhead, 2000);
}

async function poll() {
	const found = await api.jobs().catch(() => ({ jobs: [] }));
	for (const job of found.jobs.reverse()) if (changed(job)) learn(job);
}

function changed(job) {
	const before = known.get(job.id);
	return !before || before.status !== job.status || before.progress !== job.progress;
}

/** How many are ahead is told of one job only, and only when asked. */
async function lookAhead() {
	const waiting = [...known.values()].filter((job) => job.status === "queued").slice(0, 5);
	for (const job of waiting) await api.job(job.id).then(learn, () => forget(job.id));
}
