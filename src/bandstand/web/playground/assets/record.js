// The microphone: what is recorded is turned into a WAV here, for browsers record in formats that few programs read.

import { waveFile } from "./wavefile.js";

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

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
