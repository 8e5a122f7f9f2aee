// Hearing a piece while it is being made: the server's growing WAV, played and drawn as it comes.

const BINS = 400;
const BLOCK_SECONDS = 0.2;

/** told(): more came, or it started or stopped. come: the seconds that are here */
export function makeLive(seconds, told) {
	const peaks = new Array(BINS).fill(0);
	const blocks = [];
	const sources = new Set();
	const abort = new AbortController();
	let come = 0, paused = true, isWhole = false, held = 0;
	let context, form, base;

	async function read(url) {
		const answer = await fetch(url, { signal: abort.signal });
		if (!answer.ok) return;
		const reader = answer.body.getReader();
		let rest = new Uint8Array(0);
		for (;;) {
			const { value, done } = await reader.read();
			if (done) break;
			rest = new Uint8Array(await new Blob([rest, value]).arrayBuffer());
			if (!form) rest = readHeader(rest);
			if (form) rest = take(rest, form.rate * BLOCK_SECONDS);
		}
		if (form) take(rest, 1);
		isWhole = true;
		told();
	}

	/** The 44 bytes that come first. return  what follows them; all when they are not complete */
	function readHeader(bytes) {
		if (bytes.length < 44) return bytes;
		const view = new DataView(bytes.buffer, bytes.byteOffset);
		form = { channels: view.getUint16(22, true), rate: view.getUint32(24, true) };
		context = new AudioContext({ sampleRate: form.rate });
		return bytes.subarray(44);
	}

	/** return  what is left: all of it when there are fewer frames than `least` */
	function take(bytes, least) {
		const { channels, rate } = form;
		const frames = Math.floor(bytes.length / 2 / channels);
		if (frames < least) return bytes;
		const used = frames * channels * 2;
		const pcm = new Int16Array(bytes.slice(0, used).buffer);
		const buffer = context.createBuffer(channels, frames, rate);
		for (let channel = 0; channel < channels; channel += 1) {
			const samples = buffer.getChannelData(channel);
			for (let frame = 0; frame < frames; frame += 1) samples[frame] = pcm[frame * channels + channel] / 32768;
			measure(samples);
		}
		const block = { start: come, buffer };
		blocks.push(block);
		come += frames / rate;
		if (!paused) follow(block);
		told();
		return bytes.subarray(used);
	}

	function measure(samples) {
		for (let frame = 0; frame < samples.length; frame += 8) {
			const bin = Math.min(BINS - 1, Math.floor(((come + frame / form.rate) / seconds) * BINS));
			peaks[bin] = Math.max(peaks[bin], Math.abs(samples[frame]));
		}
	}

	function schedule() {
		context.resume();
		base = context.currentTime + 0.03 - held;
		for (const block of blocks) if (block.start + block.buffer.duration > held) sound(block, held);
	}

	/** When it came too late, all that follows is that much later. */
	function follow(block) {
		if (base === undefined) return schedule();
		base += Math.max(0, context.currentTime + 0.02 - (base + block.start));
		sound(block, block.start);
	}

	function sound(block, from) {
		const source = context.createBufferSource();
		source.buffer = block.buffer;
		source.connect(context.destination);
		const skipped = Math.max(0, from - block.start);
		source.start(Math.max(0, base + block.start + skipped), skipped);
		sources.add(source);
		source.onended = () => sources.delete(source);
	}

	function silence() {
		for (const source of sources) source.stop();
		sources.clear();
		base = undefined;
	}

	function play() {
		paused = false;
		if (context) schedule();
		told();
	}

	function pause() {
		held = live.time;
		paused = true;
		silence();
		told();
	}

	function seek(to) {
		silence();
		held = Math.max(0, Math.min(to, come));
		if (!paused) schedule();
		told();
	}

	function close() {
		pause();
		abort.abort();
		context?.close();
		context = null;
	}

	const live = {
		peaks, seconds, play, pause, seek, read, close,
		get come() { return come },
		get paused() { return paused },
		get ended() { return isWhole && live.time >= come - 0.02 },
		get time() { return paused || base === undefined ? held : Math.min(come, Math.max(0, context.currentTime - base)) },
	};
	return live;
}
