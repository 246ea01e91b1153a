import { testEmbeddedLog } from '@lianban/testing/test-database';
import { logContract } from './log-contract.js';

let url: Promise<string> | undefined;
// A short lease, so that a frozen member is relieved soon.
logContract('embedded log', () => (url ??= testEmbeddedLog().then((log) => `${log}?leaseMs=2000`)));
