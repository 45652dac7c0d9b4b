'use strict';
/**
 * What has to be there before a line of TypeScript runs: the npm packages of the lock file and the Node that Keelson
 * brings along. Runs under any Node that can run npm (18 or newer), so it is plain CommonJS.
 */
const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } = require('node:fs');
const { spawn, spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { constants } = require('node:os');

const root = join(__dirname, '..');
const stamp = join(root, 'node_modules', '.keelson-installed.json');

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function installed() {
  try {
    return JSON.parse(readFileSync(stamp, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Installs the locked npm packages unless they are there; `wanted` asks for what tests and tools need, too. */
function ensurePackages(wanted) {
  const lock = lockHash();
  const present = installed();
  if (present?.lock === lock && (present.development || !wanted)) return;
  // What was installed for development stays so: npm ci without it would take it away.
  const development = wanted || present?.development === true;
  process.stderr.write(`Installing npm packages (${development ? 'with' : 'without'} development tools) …\n`);
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(development ? [] : ['--omit=dev'])];
  const result = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error || result.status !== 0) {
    process.stderr.write(
      `npm ${args.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}; nothing was started.\n`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, JSON.stringify({ lock, development }));
}

/** The Node 24 from the platform package. */
function nodeBinary() {
  const path = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(path)) return path;
  process.stderr.write(
    `Keelson brings no Node for ${process.platform} on ${process.arch}; it runs on linux with x64 or arm64.\n`,
  );
  process.exit(1);
}

function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name.endsWith('.test.ts')) continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestSource(path) : statSync(path).mtimeMs);
  }
  return newest;
}

/** Bundles the program into dist/ when a source is newer than the bundle; returns the bundle's path. */
function ensureBundle() {
  const bundle = join(root, 'dist', 'keelson.mjs');
  // kubectl asks for a token at every call: it does not wait until all sources have been looked at.
  if (process.argv[2] === 'token' && existsSync(bundle)) return bundle;
  const sources = Math.max(...['packages', 'apps', 'tools'].map((name) => newestSource(join(root, name))));
  if (existsSync(bundle) && statSync(bundle).mtimeMs > sources) return bundle;
  mkdirSync(join(root, 'dist'), { recursive: true });
  const result = spawnSync(nodeBinary(), [join(root, 'tools', 'bundle.ts')], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) process.exit(1);
  return bundle;
}

/** Hands over to the Node that Keelson brings; passes signals on and ends as it ends. */
function run(args, env = {}) {
  const child = spawn(nodeBinary(), ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)));
}

module.exports = { ensurePackages, ensureBundle, nodeBinary, root, run };
