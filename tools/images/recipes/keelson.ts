import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pauseProgram } from '../pause-program.ts';
import type { Recipe } from '../recipe.ts';
import { copyProgram, librariesOf } from '../shared-libraries.ts';
import { baseFiles } from './base-files.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const node = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');

/** Programs of this machine that the add-ons drive the kernel with; those that are not installed are left out. */
const programs = ['/usr/sbin/nft', '/usr/sbin/ip', '/sbin/ip', '/usr/sbin/conntrack'];

function version(): string {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
}

function present(): string[] {
  const found = programs.filter((path) => existsSync(path));
  return found.includes('/usr/sbin/ip') ? found.filter((path) => path !== '/sbin/ip') : found;
}

/**
 * Keelson's own image: its Node, the modules of the folder `bundle`, and the programs that its roles need, with their libraries from this machine.
 * Run as `node main.mjs ROLE`, the role being the container's argument: aws-node, kube-proxy, coredns.
 */
export function keelsonRecipe(bundle: string = join(root, 'dist', 'node')): Recipe {
  const main = 'main.mjs';
  const modules = () => [main, ...globSync('*.mjs', { cwd: bundle, exclude: [main] }).sort()];
  return {
    name: 'keelson',
    image: `keelson.internal/node:${version()}`,
    packages: [],
    inputs: () => {
      const own = [node, ...present()];
      return [...modules().map((name) => join(bundle, name)), ...own, ...new Set(own.flatMap(librariesOf))];
    },
    arrange: (staging) => {
      baseFiles(staging);
      copyProgram(staging, node, 'usr/local/bin/node');
      for (const path of present()) copyProgram(staging, path, path);
      for (const name of modules()) staging.copy(join(bundle, name), `keelson/${name}`, 0o644);
      staging.file('pause', pauseProgram(process.arch), 0o755);
    },
    config: () => ({
      Entrypoint: ['/usr/local/bin/node', '--disable-warning=ExperimentalWarning', '/keelson/main.mjs'],
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'NODE_ENV=production'],
      WorkingDir: '/',
      StopSignal: 'SIGTERM',
    }),
  };
}
