import { run } from 'node:test';
import { inspect } from 'node:util';
import { endLeftoverProcesses, testFileVariable } from './leftover-processes.ts';

/** What came of the tests in one file. */
export interface FileOutcome {
  passed: number;
  /** A line for each test that failed, or for the file when it did not end as it should, and what was wrong. */
  readonly failures: { readonly title: string; readonly reason: string }[];
  /** How many tests were skipped, by the reasons that they gave. */
  readonly skipped: Map<string, number>;
  /** The titles of tests that passed, with milliseconds. */
  readonly titles: string[];
  /** The last of what the file printed. */
  output: string;
  seconds: number;
}

export interface FileLimits {
  /** Seconds that a test of the file, and all of it, may take. */
  readonly seconds: number;
  /** Ends the file when it fires. */
  readonly signal: AbortSignal;
}

type Stream = ReturnType<typeof run>;

const keptOutput = 20_000;
/** Seconds, at most, beyond the limit in which the file may tidy up after a test that took too long. */
const grace = 15;
let files = 0;

function listen(stream: Stream, outcome: FileOutcome): void {
  const titles: string[] = [];
  const print = (text: string) => {
    outcome.output = (outcome.output + text).slice(-keptOutput);
  };
  const title = (event: { readonly name: string; readonly nesting: number }) => {
    titles.length = event.nesting;
    return [...titles, event.name].join(' › ');
  };
  stream.on('test:start', (event) => {
    titles.length = event.nesting;
    titles[event.nesting] = event.name;
  });
  stream.on('test:pass', (event) => {
    const skipped = event.skip ?? event.todo;
    if (skipped !== undefined && skipped !== false) {
      const reason = typeof skipped === 'string' ? skipped : 'without a reason';
      outcome.skipped.set(reason, (outcome.skipped.get(reason) ?? 0) + 1);
    } else if (event.details.type !== 'suite') {
      outcome.passed++;
      outcome.titles.push(`${title(event)} (${Math.round(event.details.duration_ms)} ms)`);
    }
  });
  stream.on('test:fail', (event) => {
    const { error } = event.details;
    // A suite fails with its tests, which have told why, or by itself, in a hook.
    if (event.details.type === 'suite' && (error as { failureType?: string }).failureType === 'subtestsFailed') return;
    outcome.failures.push({ title: title(event), reason: inspect(error.cause ?? error) });
  });
  stream.on('test:diagnostic', (event) => event.file !== undefined && print(`${event.message}\n`));
  stream.on('test:stdout', (event) => print(event.message));
  stream.on('test:stderr', (event) => print(event.message));
}

function ended(stream: Stream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('end', resolve);
    stream.on('error', reject);
    stream.resume();
    // A process that heeds no signal does not keep the others waiting.
    signal.addEventListener('abort', () => setTimeout(resolve, 5_000).unref());
  });
}

/** Runs the tests of one file in a process of its own; afterwards nothing that it started is left. */
export async function runTestFile(path: string, limits: FileLimits): Promise<FileOutcome> {
  const outcome: FileOutcome = {
    passed: 0,
    failures: [],
    skipped: new Map(),
    titles: [],
    output: '',
    seconds: 0,
  };
  const mark = `${process.pid}-${++files}`;
  const start = performance.now();
  const whole = limits.seconds + Math.min(grace, limits.seconds);
  const late = AbortSignal.timeout(whole * 1000);
  const signal = AbortSignal.any([limits.signal, late]);
  const stream = run({
    files: [path],
    concurrency: 1,
    signal,
    execArgv: [`--test-timeout=${limits.seconds * 1000}`],
    env: { ...process.env, [testFileVariable]: mark },
  });
  listen(stream, outcome);
  await ended(stream, signal);
  outcome.seconds = (performance.now() - start) / 1000;
  const left = endLeftoverProcesses(mark);
  if (left > 0) outcome.output += `${left} processes were left and have been ended.\n`;
  if (late.aborted) outcome.failures.push({ title: 'the file', reason: `It did not end within ${whole} s.` });
  return outcome;
}
