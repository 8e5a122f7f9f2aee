// The microphone. Browsers record in formats that few programs read: a WAV is made here.

/** return {stop(): Promise<File>, drop()}; raises when the microphone is refused */
export async function record() {
	const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
	const recorder = new MediaRecorder(stream);
	const recorded = new Promise((resolve) => (recorder.ondataavailable = (event) => resolve(event.data)));
	recorder.start();
	const drop = () => {
		if (recorder.state !== "inactive") recorder.stop();
		stream.getTracks().forEach((track) => track.stop());
	};
	const stop = async () => {
		drop();
		return waveFile(await recorded);
	};
	return { stop, drop };
}

async function waveFile(recorded) {
	const context = new AudioContext();
	const sound = await context.decodeAudioData(await recorded.arrayBuffer());
	await context.close();
	const samples = Int16Array.from(sound.getChannelData(0), (sample) => Math.max(-1, Math.min(1, sample)) * 32767);
	const [rate, size] = [sound.sampleRate, samples.byteLength];
	return new File(["RIFF", words(36 + size), "WAVEfmt ", words(16, MONO_PCM, rate, rate * 2, BITS), "data", words(size), samples], "recording.wav");
}

/** 32 bits each; two of them hold two numbers. */
const words = (...numbers) => Uint32Array.from(numbers);
const MONO_PCM = 0x00010001;
const BITS = 0x00100002;
