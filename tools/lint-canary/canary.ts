// Every line below is forbidden, on purpose: tools/lint.mjs fails unless exactly these faults are reported. It guards
// against a lint that passes because it did not look (no project graph: no boundary rule; no types: no typed rules).
// The file is never compiled, shipped or imported.
import '@lianban/review/main'; // a service imports another service
import '@lianban/testing/postgres'; // test helpers outside a spec
Promise.resolve(); // a promise that nobody waits for
