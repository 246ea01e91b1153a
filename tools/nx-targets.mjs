// An Nx plugin: gives every package the targets `lint` and `unit`, so that `nx affected -t lint` works without the
// same two scripts in nineteen package.json files.
import { dirname } from 'node:path';

/** The command of the repository's own tool, confined to one package. */
const target = (command) => ({
  executor: 'nx:run-commands',
  options: { command, cwd: '{workspaceRoot}' },
});

export const name = 'lianban-targets';

export const createNodesV2 = [
  '{libs/*,services/*,deploy/local}/package.json',
  (manifests) =>
    manifests.map((manifest) => {
      const root = dirname(manifest);
      return [
        manifest,
        {
          projects: {
            [root]: {
              root,
              targets: {
                lint: target(`node tools/lint.mjs ${root}`),
                unit: target(`node tools/test.mjs unit -- --passWithNoTests ${root}`),
              },
            },
          },
        },
      ];
    }),
];
export const createNodes = createNodesV2;
