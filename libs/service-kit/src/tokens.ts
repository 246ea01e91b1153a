/** Injection tokens for what `startService` provides. */
export const DATABASE = Symbol('lianban:database');
export const EVENTING = Symbol('lianban:eventing');
export const CONFIG = Symbol('lianban:config');
export const VERIFIER = Symbol('lianban:verifier');
export const BACKGROUND = Symbol('lianban:background');
