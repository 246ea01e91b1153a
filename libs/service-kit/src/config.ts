/** The settings every service has. The only reader of `process.env`; refuses to start on a bad value. */

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

/** Reads and checks all common settings; throws one sentence that names every bad one. */
export function readConfig(): ServiceConfig {
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      faults.push((error as Error).message);
      return undefined;
    }
  };
  const oneOf = <const T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = optionalSetting(name, fallback);
    if (!(allowed as readonly string[]).includes(value))
      throw new Error(`setting ${name} must be one of ${allowed.join(', ')}`);
    return value as T;
  };
  const config = {
    port: attempt(() => numberSetting('PORT', 0, 0, 65_535)),
    host: optionalSetting('HOST', '127.0.0.1'),
    databaseUrl: attempt(() => requiredSetting('DATABASE_URL')),
    eventLog: attempt(() => requiredSetting('EVENT_LOG')),
    oidc: {
      issuer: attempt(() => requiredSetting('OIDC_ISSUER')),
      audience: optionalSetting('OIDC_AUDIENCE', 'lianban'),
    },
    mode: attempt(() => oneOf('LIANBAN_MODE', ['demo', 'production'], 'production')),
    logLevel: attempt(() => oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info')),
  };
  if (faults.length > 0) throw new Error(faults.join('; '));
  return config as ServiceConfig;
}
