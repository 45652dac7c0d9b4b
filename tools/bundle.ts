/** Bundles the program and the files that it starts as workers into dist/. Run by the launcher when sources changed. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { describeTypes } from './describe-types.ts';

const root = join(import.meta.dirname, '..');

/**
 * The program, in pieces: what it imports when it needs it is a file of its own beside it, so that a control plane does
 * not read what a region needs, nor a command what either does.
 */
const program = { keelson: 'apps/keelson/main.ts' };

/** What runs in instances and add-ons, in a folder of its own: an image has it whole, and each role reads its pieces. */
const nodeProgram = { main: 'apps/node/main.ts' };

/** Bundle name to entry file, each whole. The program finds its workers beside itself by these names. */
const entries = {
  'sqlite-worker': 'packages/store/drivers/sqlite/worker.ts',
  forwarder: 'packages/network/dataplanes/linux/forwarder/main.ts',
  resolver: 'packages/network/dataplanes/linux/resolver/main.ts',
  'instance-init': 'packages/compute/linux/init/main.ts',
};

/** Pieces carry a hash of their contents in their names: a region that still runs finds those of its own bundle. */
const piece = /^piece-.*\.(mjs|mjs\.map|json)$/;
const keptFor = 7 * 86_400_000;

/**
 * An import of one of Node's own modules reads all of its exports, and so loads what nobody asked for: node:http all of
 * fetch, node:crypto all of Web Crypto; 100 ms and 5 MB in every process. As objects they give what is asked for.
 */
const builtInsAsObjects: Plugin = {
  name: 'built-ins-as-objects',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'built-in-object' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'built-in-object' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

const output = join(root, 'dist');
const staging = join(root, 'dist', `.staging-${process.pid}`);

/** Tables of text stay files: as a part of a module, V8 keeps a megabyte of them three times. */
const textAsFile: Plugin = {
  name: 'text-as-file',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/aws-protocol\/generated\/[a-z0-9]+\.ts$/ }, async ({ path }) => {
      const { text }: { text: string } = await import(path);
      const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
      const name = `piece-${basename(path, '.ts')}-${hash}.json`;
      writeFileSync(join(staging, name), text);
      const file = `new URL(${JSON.stringify(`./${name}`)}, import.meta.url)`;
      return {
        contents: `import { readFileSync } from 'node:fs';\nexport const text = readFileSync(${file}, 'utf8');`,
      };
    });
  },
};

function bundle(entryPoints: Readonly<Record<string, string>>, splitting: boolean, folder = staging) {
  return build({
    absWorkingDir: root,
    entryPoints: Object.entries(entryPoints).map(([out, path]) => ({ in: path, out })),
    outdir: folder,
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
    plugins: splitting ? [builtInsAsObjects, textAsFile] : [builtInsAsObjects],
    sourcemap: 'linked',
    sourcesContent: false,
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
}

/** Removes what earlier bundles left: pieces, and what Node kept of them compiled. */
function removeOld(): void {
  const before = Date.now() - keptFor;
  for (const entry of readdirSync(output, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const old = piece.test(entry.name) || entry.parentPath.startsWith(join(output, 'compile-cache'));
    if (entry.isFile() && old && (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < before)
      rmSync(path, { force: true });
  }
}

/** What documents of the API say of types and fields. Everything works without it. */
function describe(): void {
  try {
    describeTypes(join(output, 'descriptions.json'));
  } catch (error) {
    process.stderr.write(`kubectl explain will name types without describing them: ${(error as Error).message}\n`);
  }
}

mkdirSync(staging, { recursive: true });
try {
  await bundle(program, true);
  await bundle(entries, false);
  await bundle(nodeProgram, true, join(staging, 'node'));
  // The pieces first: whoever starts meanwhile has either the old program with its pieces, or the new one with its own.
  const built = readdirSync(staging).sort((one, other) => Number(piece.test(other)) - Number(piece.test(one)));
  // A folder takes no other's place while there is one.
  if (existsSync(join(output, 'node'))) renameSync(join(output, 'node'), join(staging, 'node-before'));
  for (const name of built) renameSync(join(staging, name), join(output, name));
  removeOld();
  describe();
} finally {
  rmSync(staging, { recursive: true, force: true });
}
