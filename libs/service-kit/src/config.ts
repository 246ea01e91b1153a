/** The settings every service has, and helpers for a service's own. The only reader of `process.env`; refuses to start on a bad value. */

export interface ServiceConfig {
  port: number;
  host: string;
  databaseUrl: string;
  eventLog: string;
  oidc: { issuer: string; audience: string };
  mode: 'demo' | 'production';
  logLevel: string;
}

/** A setting that must be there. Throws one sentence that names it. */
export function requiredSetting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`setting ${name} is missing`);
  return value;
}

export const optionalSetting = (name: string, fallback: string): string => process.env[name] || fallback;

/** A whole number setting within [min, max]. */
export function numberSetting(name: string, fallback: number, min: number, max: number): number {
  const value = Number(optionalSetting(name, String(fallback)));
  if (!Number.isInteger(value) || value < min || value > max)
    throw new Error(`setting ${name} must be a whole number from ${min} to ${max}`);
  return value;
}

/** A setting that is one of a few words. */
export function choiceSetting<const T extends string>(name: string, allowed: readonly T[], fallback: T): T {
  const value = optionalSetting(name, fallback);
  const known = allowed.find((word) => word === value);
  if (known === undefined) throw new Error(`setting ${name} must be one of ${allowed.join(', ')}`);
  return known;
}

/** The address of a provider that must be there, without a slash at the end. */
export function addressSetting(name: string): string {
  const url = requiredSetting(name).replace(/\/$/, '');
  if (!URL.canParse(url)) throw new Error(`setting ${name} must be an address`);
  return url;
}

/** Calls every reader and gives back what each gave, under its name; throws one sentence that names every bad setting. */
export function readSettings<Readers extends Record<string, () => unknown>>(
  readers: Readers,
): { [Name in keyof Readers]: ReturnType<Readers[Name]> } {
  const faults: string[] = [];
  const entries = Object.entries(readers).map(([name, read]) => {
    try {
      return [name, read()];
    } catch (error) {
      faults.push((error as Error).message);
      return [name, undefined];
    }
  });
  if (faults.length > 0) throw new Error(faults.join('; '));
  return Object.fromEntries(entries) as { [Name in keyof Readers]: ReturnType<Readers[Name]> };
}

/** The settings of every service; throws one sentence that names every bad one. */
export const readConfig = (): ServiceConfig =>
  readSettings({
    port: () => numberSetting('PORT', 0, 0, 65_535),
    host: () => optionalSetting('HOST', '127.0.0.1'),
    databaseUrl: () => requiredSetting('DATABASE_URL'),
    eventLog: () => requiredSetting('EVENT_LOG'),
    oidc: () => ({ issuer: requiredSetting('OIDC_ISSUER'), audience: optionalSetting('OIDC_AUDIENCE', 'lianban') }),
    mode: () => choiceSetting('LIANBAN_MODE', ['demo', 'production'], 'production'),
    logLevel: () => choiceSetting('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
  });
