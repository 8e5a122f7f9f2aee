// Hearing a piece while it is being made: the server's growing WAV, played as it comes, its shape growing with it.
// Only for pieces under way; finished ones play in the page's <audio> element, which can seek anywhere.

const BINS = 400;
const BLOCK_SECONDS = 0.2;

/** One piece under way. told(): more of it came, or it started or stopped sounding. */
export class LiveSound {
	constructor(seconds, told) {
		this.seconds = seconds;
		this.peaks = new Array(BINS).fill(0);
		this.come = 0; // seconds that are here
		this.paused = true;
		this.isWhole = false;
		this._told = told;
		this._blocks = [];
		this._held = 0;
		this._sources = new Set();
		this._abort = new AbortController();
	}

	/** Reads until the piece is complete. Returns whether there was any sound. */
	async read(url) {
		const answer = await fetch(url, { signal: this._abort.signal, credentials: "same-origin" });
		if (!answer.ok || !answer.body) return false;
		const reader = answer.body.getReader();
		let rest = new Uint8Array(0);
		for (;;) {
			const { value, done } = await reader.read();
			if (done) break;
			rest = joined(rest, value);
			if (!this._form) rest = this._readHeader(rest);
			if (this._form) rest = this._take(rest, false);
		}
		if (this._form) this._take(rest, true);
		this.isWhole = true;
		this._told();
		return this.come > 0;
	}

	get time() {
		if (this.paused || this._base === undefined) return this._held;
		return Math.min(this.come, Math.max(0, this._context.currentTime - this._base));
	}

	get ended() {
		return this.isWhole && this.time >= this.come - 0.02;
	}

	play() {
		this.paused = false;
		if (this._context) this._schedule(this._held);
		this._told();
	}

	pause() {
		this._held = this.time;
		this.paused = true;
		this._silence();
		this._told();
	}

	seek(seconds) {
		this._silence();
		this._held = Math.max(0, Math.min(seconds, this.come));
		if (!this.paused) this._schedule(this._held);
		this._told();
	}

	close() {
		this.pause();
		this._abort.abort();
		this._context?.close();
		this._context = null;
	}

	/** return  what follows the header, or all that was given when it is not complete */
	_readHeader(bytes) {
		const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		let at = 12, form = null;
		while (at + 8 <= bytes.length) {
			const name = String.fromCharCode(...bytes.subarray(at, at + 4));
			if (name === "data") {
				this._form = form;
				this._total = Math.round(this.seconds * form.rate);
				this._context = new AudioContext({ sampleRate: form.rate });
				return bytes.subarray(at + 8);
			}
			if (name === "fmt " && at + 16 <= bytes.length) form = { channels: view.getUint16(at + 10, true), rate: view.getUint32(at + 12, true) };
			at += 8 + view.getUint32(at + 4, true);
		}
		return bytes;
	}

	_take(bytes, isLast) {
		const { channels, rate } = this._form;
		const frames = Math.floor(bytes.length / 2 / channels);
		if (!frames || (!isLast && frames < rate * BLOCK_SECONDS)) return bytes;
		const used = frames * channels * 2;
		const pcm = new Int16Array(bytes.slice(0, used).buffer);
		const buffer = this._context.createBuffer(channels, frames, rate);
		const first = Math.round(this.come * rate);
		for (let channel = 0; channel < channels; channel += 1) {
			const samples = buffer.getChannelData(channel);
			for (let frame = 0; frame < frames; frame += 1) samples[frame] = pcm[frame * channels + channel] / 32768;
			this._measure(samples, first);
		}
		const block = { start: this.come, buffer };
		this._blocks.push(block);
		this.come += frames / rate;
		if (!this.paused) this._follow(block);
		this._told();
		return bytes.subarray(used);
	}

	_measure(samples, first) {
		for (let frame = 0; frame < samples.length; frame += 8) {
			const bin = Math.min(BINS - 1, Math.floor(((first + frame) / this._total) * BINS));
			this.peaks[bin] = Math.max(this.peaks[bin], Math.abs(samples[frame]));
		}
	}

	_schedule(from) {
		this._context.resume();
		this._base = this._context.currentTime + 0.03 - from;
		for (const block of this._blocks) if (block.start + block.buffer.duration > from) this._sound(block, from);
	}

	/** A block that came while it plays; when it came too late, all that follows is that much later. */
	_follow(block) {
		if (this._base === undefined) return this._schedule(this._held);
		const late = this._context.currentTime + 0.02 - (this._base + block.start);
		if (late > 0) this._base += late;
		this._sound(block, block.start);
	}

	_sound(block, from) {
		const source = this._context.createBufferSource();
		source.buffer = block.buffer;
		source.connect(this._context.destination);
		const skipped = Math.max(0, from - block.start);
		source.start(Math.max(0, this._base + block.start + skipped), skipped);
		this._sources.add(source);
		source.onended = () => this._sources.delete(source);
	}

	_silence() {
		for (const source of this._sources) source.stop();
		this._sources.clear();
		this._base = undefined;
	}
}

function joined(one, other) {
	if (!one.length) return other;
	const both = new Uint8Array(one.length + other.length);
	both.set(one);
	both.set(other, one.length);
	return both;
}
