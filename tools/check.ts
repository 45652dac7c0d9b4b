/** Formatting, lint and types of the whole tree: `npm run check`, `npm run check -- --write` to mend what can be. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const binary = (name: string) => join(root, 'node_modules', '.bin', name);
const steps: [string, string[]][] = [
  [binary('biome'), ['check', '--error-on-warnings', ...process.argv.slice(2)]],
  [binary('tsc'), ['--project', root]],
];
let failed = false;
for (const [command, args] of steps) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
