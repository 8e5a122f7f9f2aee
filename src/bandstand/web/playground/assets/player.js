// The one thing that sounds: a finished track, or one under way as it comes.

import * as api from "./api.js";
import { find, isFinal, isMusic, latest, listen as listenToJobs, titleOf } from "./jobs.js";
import { makeLive } from "./live.js";

const audio = new Audio();
audio.preload = "auto";
const listeners = new Set();

/** shape: {peaks, seconds, have}; region: {start, end} or null */
export const now = { job: null, live: null, shape: null, region: null, loops: false };

export const listen = (told) => listeners.add(told);
const tell = (what) => listeners.forEach((told) => told(what));

export const isPlaying = () => (now.live ? !now.live.paused && !now.live.ended : !audio.paused);
export const time = () => (now.live ? now.live.time : audio.currentTime);
export const seconds = () => now.job?.seconds ?? 0;

/** Put it on the stand. */
export async function load(job, { plays = false } = {}) {
	if (now.job?.id === job.id) return plays && !isPlaying() ? toggle() : undefined;
	stop();
	Object.assign(now, { job, region: null, loops: false, shape: null });
	if (!isMusic(job)) return tell("job");
	now.shape = { peaks: [], seconds: job.seconds, have: 0 };
	if (job.status === "succeeded") setFile(job);
	else goLive(job, plays);
	tell("job");
	if (plays && !now.live) await play();
	if (job.status === "succeeded") await shape(job);
}

function stop() {
	now.live?.close();
	now.live = null;
	audio.pause();
	audio.removeAttribute("src");
}

function setFile(job) {
	audio.src = api.local(find(job, "audio").url);
	audio.loop = now.loops && !now.region;
	navigator.mediaSession.metadata = new MediaMetadata({ title: titleOf(job), artist: "Bandstand" });
}

async function shape(job) {
	const found = await api.get(`/app/jobs/${job.id}/peaks`).catch(() => null);
	if (!found || now.job?.id !== job.id) return;
	now.shape = { ...found, have: 1 };
	tell("shape");
}

function goLive(job, plays) {
	const live = makeLive(job.seconds, () => now.live === live && follow(live));
	now.live = live;
	if (plays) live.play();
	live.read(`/app/v1/jobs/${job.id}/audio`).catch(() => {});
}

function follow(live) {
	now.shape = { peaks: live.peaks, seconds: live.seconds, have: live.come / live.seconds };
	tell("shape");
	tell("state");
}

/** From the growing sound to the finished file, at the same moment of it. */
async function settle(at = time()) {
	const job = latest(now.job);
	if (!now.live || job.status !== "succeeded") return;
	now.live.close();
	now.live = null;
	now.job = job;
	setFile(job);
	audio.currentTime = at >= job.seconds - 0.05 ? 0 : at;
	await shape(job);
}

async function play() {
	if (now.live) now.live.play();
	else await audio.play().catch(renew);
	tell("state");
}

/** Links to files end after an hour; a page stays open for days. */
async function renew(error) {
	if (error.name === "AbortError" || error.name === "NotAllowedError" || !now.job) return;
	const job = await api.get(`/app/v1/jobs/${now.job.id}`).catch(() => null);
	if (!job || !find(job, "audio")) return;
	now.job = job;
	setFile(job);
	await audio.play().catch(() => {});
}

export async function toggle() {
	if (!now.job || !isMusic(now.job)) return;
	const wasPlaying = isPlaying();
	if (now.live && (wasPlaying || now.live.ended)) {
		now.live.pause();
		await settle();
	} else if (wasPlaying) audio.pause();
	if (!wasPlaying) await play();
	tell("state");
}

export async function seek(to) {
	const at = Math.min(Math.max(0, to), seconds());
	if (now.live) {
		const wasPlaying = isPlaying();
		await settle(at);
		if (now.live) now.live.seek(at);
		else if (wasPlaying) await play();
	} else audio.currentTime = Math.min(at, (audio.duration || seconds()) - 0.01);
	tell("tick");
}

export const nudge = (by) => now.job && seek(time() + by);

export function mark(region) {
	now.region = region;
	now.loops = region !== null;
	audio.loop = false;
	tell("region");
}

/** The region, or all of it; again: nothing. */
export function toggleLoop() {
	now.loops = !now.loops;
	if (!now.loops) now.region = null;
	audio.loop = now.loops && !now.region;
	tell("region");
}

export function markEdge(edge) {
	if (!now.job) return;
	const region = { start: 0, end: seconds(), ...now.region, [edge]: time() };
	if (region.end - region.start > 0.05) mark(region);
}

function tick() {
	if (isPlaying()) {
		const { region, loops } = now;
		if (region && loops && (time() >= region.end || time() < region.start - 0.3)) seek(region.start);
		tell("tick");
	} else if (now.live?.ended) settle();
	requestAnimationFrame(tick);
}

export function begin() {
	for (const name of ["play", "pause", "ended", "seeked", "loadedmetadata"]) audio.addEventListener(name, () => tell("state"));
	for (const name of ["play", "pause"]) navigator.mediaSession.setActionHandler(name, toggle);
	listenToJobs((job, before) => {
		if (!now.job || (job?.id ?? before?.id) !== now.job.id) return;
		if (!job) {
			stop();
			now.job = null;
		} else {
			now.job = job;
			if (isFinal(job) && job.status !== "succeeded") stop();
			else if (isFinal(job) && now.live && !isPlaying()) settle();
		}
		tell("job");
	});
	requestAnimationFrame(tick);
}
