/**
 * One configuration for all tiers; the tier is in the file's suffix.
 * @param {string} tier unit | int | access | e2e
 */
const tier = process.env.TEST_TIER ?? '(unit|int|access|e2e)';
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/services', '<rootDir>/deploy'],
  testRegex: [`\\.${tier}\\.spec\\.ts$`],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@lianban/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest' },
  testTimeout: 60_000,
};
