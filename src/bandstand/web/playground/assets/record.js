// The microphone: what is recorded is turned into a WAV here, for browsers record in formats that few programs read.

/** Begins at once. return {stop(): Promise<File>, drop()}; raises when the microphone is refused. */
export async function record() {
	const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
	const recorder = new MediaRecorder(stream);
	const pieces = [];
	recorder.ondataavailable = (event) => pieces.push(event.data);
	const ended = new Promise((resolve) => (recorder.onstop = resolve));
	recorder.start();
	const drop = () => {
		if (recorder.state !== "inactive") recorder.stop();
		stream.getTracks().forEach((track) => track.stop());
	};
	const stop = async () => {
		drop();
		await ended;
		return toWave(new Blob(pieces, { type: recorder.mimeType }));
	};
	return { stop, drop };
}

async function toWave(recorded) {
	const context = new AudioContext();
	const sound = await context.decodeAudioData(await recorded.arrayBuffer());
	await context.close();
	return new File([waveFile(sound.getChannelData(0), sound.sampleRate)], "recording.wav", { type: "audio/wav" });
}

function waveFile(samples, rate) {
	const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
	const word = (at, text) => [...text].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
	word(0, "RIFF");
	view.setUint32(4, 36 + samples.length * 2, true);
	word(8, "WAVEfmt ");
	view.setUint32(16, 16, true);
	view.setUint16(20, 1, true);
	view.setUint16(22, 1, true);
	view.setUint32(24, rate, true);
	view.setUint32(28, rate * 2, true);
	view.setUint16(32, 2, true);
	view.setUint16(34, 16, true);
	word(36, "data");
	view.setUint32(40, samples.length * 2, true);
	samples.forEach((sample, index) => view.setInt16(44 + index * 2, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true));
	return view.buffer;
}
