import { parcelStream } from '@lianban/contracts-courier/events';
import { parcelRequested } from '@lianban/contracts-dispatch/events';
import type { Pace } from '@lianban/service-kit/backoff';
import { numberSetting, readConfig, requiredSetting, type ServiceConfig } from '@lianban/service-kit/config';

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

export function readCourierConfig(): CourierConfig {
  const config = readConfig();
  const url = requiredSetting('CARRIER_URL').replace(/\/$/, '');
  if (!URL.canParse(url)) throw new Error('setting CARRIER_URL must be an address');
  return {
    ...config,
    carrier: {
      url,
      key: requiredSetting('CARRIER_KEY'),
      timeoutMs: numberSetting('CARRIER_TIMEOUT_MS', 5_000, 50, 60_000),
      pollMs: numberSetting('CARRIER_POLL_MS', 250, 10, 600_000),
      backoff: {
        baseMs: numberSetting('CARRIER_BACKOFF_MS', 500, 1, 600_000),
        maxMs: numberSetting('CARRIER_BACKOFF_MAX_MS', 60_000, 1, 3_600_000),
      },
    },
  };
}
