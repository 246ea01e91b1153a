import { parcelLost, parcelResent, parcelReturned } from '@lianban/contracts-courier/events';
import { applicantDone, caseConcluded } from '@lianban/contracts-dispatch/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { noticeStream } from '@lianban/contracts-notifications/events';
import {
  numberSetting,
  optionalSetting,
  readConfig,
  requiredSetting,
  type ServiceConfig,
} from '@lianban/service-kit/config';
import type { Policy } from './notice/notice.js';
import { type Language, LANGUAGES } from './templates/templates.js';

/** What notifications says and listens to. */
export const wiring = {
  name: 'notifications',
  publishes: [noticeStream],
  consumes: [applicationReceived, applicantDone, caseConcluded, parcelLost, parcelReturned, parcelResent],
};

export interface ProviderConfig {
  url: string;
  key: string;
}
export interface SendingConfig {
  sms: ProviderConfig;
  email: ProviderConfig;
  /** One call to a provider may take this long, in milliseconds. */
  timeoutMs: number;
  policy: Policy;
  language: Language;
}
export interface NotificationsConfig extends ServiceConfig {
  sending: SendingConfig;
}

export function readNotificationsConfig(): NotificationsConfig {
  const config = readConfig();
  const address = (name: string) => {
    const url = requiredSetting(name).replace(/\/$/, '');
    if (!URL.canParse(url)) throw new Error(`setting ${name} must be an address`);
    return url;
  };
  const key = requiredSetting('SMS_KEY');
  const language = LANGUAGES.find((known) => known === optionalSetting('NOTICE_LANGUAGE', 'zh'));
  if (!language) throw new Error(`setting NOTICE_LANGUAGE must be one of ${LANGUAGES.join(', ')}`);
  return {
    ...config,
    sending: {
      sms: { url: address('SMS_URL'), key },
      email: { url: address('EMAIL_URL'), key: optionalSetting('EMAIL_KEY', key) },
      timeoutMs: numberSetting('NOTICE_TIMEOUT_MS', 5_000, 50, 60_000),
      policy: {
        maxTries: numberSetting('NOTICE_MAX_TRIES', 8, 1, 100),
        pace: {
          baseMs: numberSetting('NOTICE_BACKOFF_MS', 500, 1, 600_000),
          maxMs: numberSetting('NOTICE_BACKOFF_MAX_MS', 60_000, 1, 3_600_000),
        },
      },
      language,
    },
  };
}
