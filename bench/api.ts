/**
 * Measures any API server by its URL, so that ours and a peer's are measured alike:
 *
 *   node bench/api.ts --server https://127.0.0.1:6443 --ca FILE (--token TOKEN | --cert FILE --key FILE)
 *                     [--pid PID …] [--pods 10000] [--definitions 0]
 *
 * --pid names the server's processes on this machine, whose memory and CPU time are told, too.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ApiTarget, measureApi } from './api-load.ts';

const { values } = parseArgs({
  options: {
    server: { type: 'string' },
    ca: { type: 'string' },
    token: { type: 'string' },
    cert: { type: 'string' },
    key: { type: 'string' },
    pid: { type: 'string', multiple: true, default: [] },
    pods: { type: 'string', default: '10000' },
    definitions: { type: 'string', default: '0' },
  },
});

/** Microseconds of CPU that a process has had (utime and stime of /proc/PID/stat, in hundredths of a second). */
function cpuTime(pid: string): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentBytes(pid: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

const sum = (of: (pid: string) => number) => async () => values.pid.reduce((total, pid) => total + of(pid), 0);
const text = (path: string | undefined) => (path === undefined ? undefined : readFileSync(path, 'utf8'));

if (values.server === undefined) {
  process.stderr.write('--server URL says which API server is measured.\n');
  process.exit(2);
}
const [ca, cert, key] = [text(values.ca), text(values.cert), text(values.key)];
const target: ApiTarget = {
  url: values.server,
  ...(ca && { ca }),
  ...(cert && { cert }),
  ...(key && { key }),
  ...(values.token && { token: values.token }),
  ...(values.pid.length > 0 && { serverTime: sum(cpuTime), memory: sum(residentBytes) }),
};
const size = { pods: Number(values.pods), customResourceDefinitions: Number(values.definitions) };
console.table(await measureApi(target, size));
