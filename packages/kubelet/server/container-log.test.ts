import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { readContainerLog } from './container-log.ts';
import { logOptions } from './log-options.ts';

const entry = (time: string, stream: string, tag: string, text: string) =>
  `2026-01-01T00:00:${time}Z ${stream} ${tag} ${text}\n`;
const log =
  entry('01.000000001', 'stdout', 'F', 'first') +
  entry('02.5', 'stderr', 'F', 'bad') +
  entry('03', 'stdout', 'P', 'half ') +
  entry('03', 'stdout', 'F', 'line') +
  entry('04', 'stdout', 'F', '');

async function withLog(work: (path: string, read: (query: string) => Promise<string>) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-log-'));
  const path = join(folder, '0.log');
  writeFileSync(path, log);
  const { clock } = virtualWorld(1);
  const read = async (query: string) => {
    const options = logOptions(new URLSearchParams(query), Date.parse('2026-01-01T00:00:04Z'));
    assert.ok(typeof options !== 'string', String(options));
    let text = '';
    for await (const piece of readContainerLog(path, options, async () => false, clock, new AbortController().signal))
      text += Buffer.from(piece);
    return text;
  };
  try {
    await work(path, read);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const queries: [string, string][] = [
  ['', 'first\nbad\nhalf line\n\n'],
  ['tailLines=1', '\n'],
  ['tailLines=0', ''],
  ['tailLines=99', 'first\nbad\nhalf line\n\n'],
  ['limitBytes=7', 'first\nb'],
  ['stream=Stderr', 'bad\n'],
  ['sinceSeconds=2', 'bad\nhalf line\n\n'],
  ['sinceTime=2026-01-01T00:00:03Z', 'half line\n\n'],
  ['timestamps=true&limitBytes=37', '2026-01-01T00:00:01.000000001Z first\n'],
];

for (const [query, expected] of queries)
  test(`a log is read as asked: ${query || 'all of it'}`, () =>
    withLog(async (_path, read) => assert.equal(await read(query), expected)));

test('numbers and times that are none are refused', () => {
  assert.match(String(logOptions(new URLSearchParams('tailLines=x'), 0)), /invalid syntax/);
  assert.match(String(logOptions(new URLSearchParams('sinceTime=x'), 0)), /is no time/);
});

test('a log that is followed goes on over a rotation, to the end of the container', () =>
  withLog(async (path) => {
    const { clock } = virtualWorld(1);
    const options = logOptions(new URLSearchParams('follow=true&tailLines=0'), 0);
    assert.ok(typeof options !== 'string');
    let running = true;
    let text = '';
    const reading = (async () => {
      for await (const piece of readContainerLog(
        path,
        options,
        async () => running,
        clock,
        new AbortController().signal,
      ))
        text += Buffer.from(piece);
    })();
    // Reading is real, time is not: each step waits for what it must lead to.
    const until = async (expected: string) => {
      for (let turn = 0; turn < 1000 && text !== expected; turn++) await clock.advance(100);
      assert.equal(text, expected);
    };
    for (let turn = 0; turn < 20; turn++) await clock.advance(100);
    appendFileSync(path, entry('05', 'stdout', 'F', 'more'));
    await until('more\n');
    renameSync(path, `${path}.20260101-000000`);
    writeFileSync(path, entry('06', 'stdout', 'F', 'new file'));
    await until('more\nnew file\n');
    running = false;
    let ended = false;
    void reading.then(() => {
      ended = true;
    });
    for (let turn = 0; turn < 1000 && !ended; turn++) await clock.advance(100);
    assert.ok(ended);
  }));
