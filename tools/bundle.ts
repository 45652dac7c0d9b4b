/** Bundles the program and the files that it starts as workers into dist/. Run by the launcher when sources changed. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** Bundle name to entry file. The program finds its workers beside itself by these names. */
const entries = {
  keelson: 'apps/keelson/main.ts',
  'sqlite-worker': 'packages/store/drivers/sqlite/worker.ts',
  'instance-init': 'packages/compute/linux/init/main.ts',
};

const output = join(root, 'dist');
const staging = join(root, 'dist', `.staging-${process.pid}`);
mkdirSync(staging, { recursive: true });
try {
  await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([out, path]) => ({ in: path, out })),
    outdir: staging,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  for (const name of Object.keys(entries)) {
    for (const ending of ['.mjs.map', '.mjs']) renameSync(join(staging, name + ending), join(output, name + ending));
  }
} finally {
  rmSync(staging, { recursive: true, force: true });
}
