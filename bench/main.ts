/**
 * All measurements of docs/performance.md: `npm run bench`, or `npm run bench -- machine store apiserver region linux` for some. Each
 * runs in a process of its own, one after the other, so that none is measured with another's heap.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';

const measurements: Readonly<Record<string, string>> = {
  machine: 'This machine, without Keelson: what the rest is to be read against',
  store: 'Durable writes of the embedded store',
  apiserver: 'API server of one cluster: memory store, TLS, HTTP/2, clients in another thread',
  region: 'Region: front door, control-plane processes, simulated nodes',
  linux: 'Real containers: nodes that join, pods that start',
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(measurements, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no measurement ${unknown.join(', ')}; there are ${Object.keys(measurements).join(', ')}.\n`,
  );
  process.exit(2);
}
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`);
let failed = false;
for (const [name, title] of Object.entries(measurements)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${title}`);
  const file = join(import.meta.dirname, `${name}.ts`);
  const flags = ['--disable-warning=ExperimentalWarning'];
  const { status } = spawnSync(process.execPath, [...flags, file], { stdio: 'inherit' });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
