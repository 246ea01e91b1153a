import eslint from '@eslint/js';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier/flat';
import globals from 'globals';
import tseslint from 'typescript-eslint';

// Who may import whom: the table in docs/architecture.md, line by line. A package whose tag stands in no line may
// import nothing of ours, so a new package has to be entered here and there.
const mayImport = {
  'scope:eventing': [],
  'scope:contracts': ['scope:eventing', 'scope:contracts'],
  'scope:calendar': [],
  'scope:procedure': ['scope:calendar'],
  'scope:access': [],
  'scope:service-kit': ['scope:eventing', 'scope:access'],
  'scope:testing': ['scope:eventing'],
  'kind:service': ['kind:lib'],
  'kind:deploy': ['kind:lib', 'kind:dev'],
};
// The rules of the domain stay free of frameworks and of databases.
const pure = ['scope:calendar', 'scope:procedure'];
const frameworks = ['@nestjs/*', 'typeorm', 'pg', 'kafkajs', 'fastify', 'rxjs'];

/** The boundary rule; `kind:dev` (libs/testing) is for specs and for deploy/local. */
function boundaries({ inTests }) {
  const depConstraints = Object.entries(mayImport).map(([sourceTag, tags]) => ({
    sourceTag,
    onlyDependOnLibsWithTags: inTests ? [...tags, 'kind:dev'] : tags,
    ...(pure.includes(sourceTag) && !inTests ? { bannedExternalImports: frameworks } : {}),
  }));
  // Nobody imports a service or deploy/local, whatever the table says about them.
  depConstraints.push({ sourceTag: '*', notDependOnLibsWithTags: ['kind:service', 'kind:deploy'] });
  return [
    'error',
    {
      depConstraints,
      // libs/testing is built on eventing, and eventing's specs use it: a circle in specs only.
      ignoredCircularDependencies: [['@lianban/testing', '@lianban/eventing']],
      banTransitiveDependencies: !inTests,
      checkNestedExternalImports: false,
    },
  ];
}

const specs = ['**/*.spec.ts', '**/test/**/*.ts'];

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '.nx/', '.lianban/', 'coverage/', 'console/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { '@nx': nx },
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'tools/lint-canary/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inTests: false }),
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': ['error', { allow: ['error'] }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'No barrel files: import the file you mean.' },
        { selector: 'TSEnumDeclaration', message: 'States are unions of string literals, not enums.' },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Nest's own signatures (lifecycle hooks, handlers) are async whether or not a body waits.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Nest modules are classes with nothing but a decorator; migrations and DI need parameter properties.
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  {
    files: specs,
    rules: {
      '@nx/enforce-module-boundaries': boundaries({ inTests: true }),
      // Answers of HTTP calls and of JSON files are `any` in specs; the assertion that follows is the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      'no-console': 'off',
    },
  },
  {
    // Programs whose output is read in a terminal.
    files: ['deploy/**/*.ts', '**/migrate.ts', 'tools/**/*.mjs'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
