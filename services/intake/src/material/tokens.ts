/** Injection token of the `ContentStore`. */
export const CONTENT_STORE = Symbol('intake:content-store');
