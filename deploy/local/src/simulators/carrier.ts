import { startCarrier } from '@lianban/testing/simulators/carrier';

/** Settings: `PORT` (0 = any), `HOST`, `CARRIER_KEY`, `STATE_FILE` (forget nothing over restarts), `CARRIER_PACE_MS` (from one station to the next). */
const {
  PORT = '0',
  HOST = '127.0.0.1',
  CARRIER_KEY: key,
  STATE_FILE: stateFile,
  CARRIER_PACE_MS = '200',
} = process.env;
if (!key) throw new Error('setting CARRIER_KEY is missing');
const simulator = await startCarrier({
  key,
  port: Number(PORT),
  host: HOST,
  paceMs: Number(CARRIER_PACE_MS),
  ...(stateFile ? { stateFile } : {}),
});
console.log(JSON.stringify({ simulator: 'carrier', url: simulator.url }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void simulator.stop());
}
