/** Bundles the program and the files that it starts as workers into dist/. Run by the launcher when sources changed. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * The program, in pieces: what it imports when it needs it is a file of its own beside it, so that a control plane does
 * not read what a region needs, nor a command what either does.
 */
const program = { keelson: 'apps/keelson/main.ts' };

/** Bundle name to entry file, each whole. The program finds its workers beside itself by these names. */
const entries = {
  'sqlite-worker': 'packages/store/drivers/sqlite/worker.ts',
  node: 'apps/node/main.ts',
  forwarder: 'packages/network/dataplanes/linux/forwarder/main.ts',
  resolver: 'packages/network/dataplanes/linux/resolver/main.ts',
  'instance-init': 'packages/compute/linux/init/main.ts',
};

/** Pieces carry a hash of their contents in their names: a region that still runs finds those of its own bundle. */
const piece = /^piece-.*\.mjs(\.map)?$/;
const keptFor = 7 * 86_400_000;

/**
 * An import of node:http as a module reads all of its exports, and with WebSocket all of fetch, which takes 40 ms and
 * 5 MB in every process. Read as an object, it gives what is asked for.
 */
const httpAsObject: Plugin = {
  name: 'http-as-object',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:http$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'built-in-object' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'built-in-object' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const output = join(root, 'dist');
const staging = join(root, 'dist', `.staging-${process.pid}`);

function bundle(entryPoints: Readonly<Record<string, string>>, splitting: boolean) {
  return build({
    absWorkingDir: root,
    entryPoints: Object.entries(entryPoints).map(([out, path]) => ({ in: path, out })),
    outdir: staging,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'piece-[name]-[hash]',
    bundle: true,
    splitting,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    minifySyntax: true,
    // Names stay for stack traces. Without comments the text is ASCII, of which V8 keeps a byte for each character.
    minifyWhitespace: true,
    lineLimit: 200,
    plugins: [httpAsObject],
    sourcemap: 'linked',
    sourcesContent: false,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

function removeOldPieces(): void {
  const before = Date.now() - keptFor;
  for (const name of readdirSync(output)) {
    const path = join(output, name);
    if (piece.test(name) && statSync(path).mtimeMs < before) rmSync(path, { force: true });
  }
}

mkdirSync(staging, { recursive: true });
try {
  await bundle(program, true);
  await bundle(entries, false);
  // The pieces first: whoever starts meanwhile has either the old program with its pieces, or the new one with its own.
  const built = readdirSync(staging).sort((one, other) => Number(piece.test(other)) - Number(piece.test(one)));
  for (const name of built) renameSync(join(staging, name), join(output, name));
  removeOldPieces();
} finally {
  rmSync(staging, { recursive: true, force: true });
}
