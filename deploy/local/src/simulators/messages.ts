import { startMessages } from '@lianban/testing/simulators/messages';

/** Settings: `PORT` (0 = any), `HOST`, `SMS_KEY`, `STATE_FILE` (forget nothing over restarts). */
const { PORT = '0', HOST = '127.0.0.1', SMS_KEY: key, STATE_FILE: stateFile } = process.env;
if (!key) throw new Error('setting SMS_KEY is missing');
const simulator = await startMessages({
  key,
  port: Number(PORT),
  host: HOST,
  ...(stateFile ? { stateFile } : {}),
});
console.log(JSON.stringify({ simulator: 'messages', url: simulator.url }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop());
}
