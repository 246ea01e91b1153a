import { bodyPublished, itemPublished, procedurePublished } from '@lianban/contracts-catalog/events';
import { caseConcluded } from '@lianban/contracts-dispatch/events';
import { applicationStream, receiptStream, WINDOW_INTAKE_TOPIC } from '@lianban/contracts-intake/events';
import {
  numberSetting,
  readConfig,
  readSettings,
  requiredSetting,
  type ServiceConfig,
} from '@lianban/service-kit/config';

/** What intake says and listens to. */
export const wiring = {
  name: 'intake',
  publishes: [applicationStream, receiptStream],
  consumes: [itemPublished, bodyPublished, procedurePublished, caseConcluded],
  outside: [WINDOW_INTAKE_TOPIC],
};

export interface IntakeConfig extends ServiceConfig {
  /** `file:///folder` or `s3://bucket/prefix?endpoint=…&region=…`. */
  materialsUrl: string;
  materialMaxBytes: number;
}

const MIB = 1024 * 1024;

/** The settings of every service, and intake's own; throws one sentence that names every bad one. */
export function readIntakeConfig(): IntakeConfig {
  const { common, ...own } = readSettings({
    common: readConfig,
    materialsUrl: () => requiredSetting('MATERIALS_URL'),
    materialMaxBytes: () => numberSetting('MATERIAL_MAX_BYTES', 20 * MIB, 1, 1024 * MIB),
  });
  return { ...common, ...own };
}
