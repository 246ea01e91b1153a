import { parcelLost, parcelResent, parcelReturned } from '@lianban/contracts-courier/events';
import { applicantDone, caseConcluded } from '@lianban/contracts-dispatch/events';
import { applicationReceived } from '@lianban/contracts-intake/events';
import { noticeStream } from '@lianban/contracts-notifications/events';
import {
  addressSetting,
  choiceSetting,
  numberSetting,
  optionalSetting,
  readConfig,
  readSettings,
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

/** The settings of every service, and those of notifications; throws one sentence that names every bad one. */
export function readNotificationsConfig(): NotificationsConfig {
  const { common, smsUrl, smsKey, emailUrl, timeoutMs, maxTries, baseMs, maxMs, language } = readSettings({
    common: readConfig,
    smsUrl: () => addressSetting('SMS_URL'),
    smsKey: () => requiredSetting('SMS_KEY'),
    emailUrl: () => addressSetting('EMAIL_URL'),
    timeoutMs: () => numberSetting('NOTICE_TIMEOUT_MS', 5_000, 50, 60_000),
    maxTries: () => numberSetting('NOTICE_MAX_TRIES', 8, 1, 100),
    baseMs: () => numberSetting('NOTICE_BACKOFF_MS', 500, 1, 600_000),
    maxMs: () => numberSetting('NOTICE_BACKOFF_MAX_MS', 60_000, 1, 3_600_000),
    language: () => choiceSetting('NOTICE_LANGUAGE', LANGUAGES, 'zh'),
  });
  return {
    ...common,
    sending: {
      sms: { url: smsUrl, key: smsKey },
      email: { url: emailUrl, key: optionalSetting('EMAIL_KEY', smsKey) },
      timeoutMs,
      policy: { maxTries, pace: { baseMs, maxMs } },
      language,
    },
  };
}
