/** Injection tokens for what `startService` provides. */
export const DATABASE = Symbol('lianban:database');
export const EVENTING = Symbol('lianban:eventing');
export const CONFIG = Symbol('lianban:config');
export const VERIFIER = Symbol('lianban:verifier');
/** The service's pino logger. */
export const LOGGER = Symbol('lianban:logger');
export const METRICS = Symbol('lianban:metrics');
