import { parcelStream } from '@lianban/contracts-courier/events';
import { parcelRequested } from '@lianban/contracts-dispatch/events';
import type { Pace } from '@lianban/service-kit/backoff';
import {
  addressSetting,
  numberSetting,
  readConfig,
  readSettings,
  requiredSetting,
  type ServiceConfig,
} from '@lianban/service-kit/config';

/** What courier says and listens to. */
export const wiring = { name: 'courier', publishes: [parcelStream], consumes: [parcelRequested] };

/** Times in milliseconds. */
export interface CarrierConfig {
  url: string;
  key: string;
  /** One call to the carrier may take this long. */
  timeoutMs: number;
  /** How often the carrier is asked for news when there was none. */
  pollMs: number;
  /** Between tries to hand a parcel over while the carrier fails. */
  backoff: Pace;
}
export interface CourierConfig extends ServiceConfig {
  carrier: CarrierConfig;
}

/** The settings of every service, and courier's own; throws one sentence that names every bad one. */
export function readCourierConfig(): CourierConfig {
  const { common, baseMs, maxMs, ...carrier } = readSettings({
    common: readConfig,
    url: () => addressSetting('CARRIER_URL'),
    key: () => requiredSetting('CARRIER_KEY'),
    timeoutMs: () => numberSetting('CARRIER_TIMEOUT_MS', 5_000, 50, 60_000),
    pollMs: () => numberSetting('CARRIER_POLL_MS', 250, 10, 600_000),
    baseMs: () => numberSetting('CARRIER_BACKOFF_MS', 500, 1, 600_000),
    maxMs: () => numberSetting('CARRIER_BACKOFF_MAX_MS', 60_000, 1, 3_600_000),
  });
  return { ...common, carrier: { ...carrier, backoff: { baseMs, maxMs } } };
}
