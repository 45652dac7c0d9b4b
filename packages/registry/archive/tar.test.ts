import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../suite/registry-fixture.ts';
import { readTar } from './tar-reader.ts';
import { type TarFile, TarWriter } from './tar-writer.ts';

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function list(bytes: Uint8Array): Promise<unknown[]> {
  const found = [];
  for await (const { name, type, linkName, body } of readTar(one(bytes))) {
    let content = '';
    for await (const piece of body) content += Buffer.from(piece).toString();
    found.push([name, type, linkName, content]);
  }
  return found;
}

const long = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
const files: (TarFile & { content?: string })[] = [
  { name: 'dir', type: 'directory', mode: 0o755 },
  { name: 'dir/a', type: 'file', mode: 0o600, size: 3, content: 'abc' },
  { name: long, type: 'file', mode: 0o644, size: 1, content: 'x' },
  { name: 'ü'.repeat(80), type: 'file', mode: 0o644, size: 0 },
  { name: 'link', type: 'symlink', mode: 0o777, linkName: 't'.repeat(150) },
  { name: 'hard', type: 'link', mode: 0o644, linkName: 'dir/a' },
];

async function written(): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const writer = new TarWriter(async (bytes) => void pieces.push(bytes));
  for (const { content, ...file } of files) await writer.add(file, Buffer.from(content ?? ''));
  await writer.finish();
  return Buffer.concat(pieces);
}

const expected = files.map(({ name, type, linkName = '', content = '' }) => [name, type, linkName, content]);

test('what is written is read, with long names and links', async () => {
  assert.deepEqual(await list(await written()), expected);
});

test('tar reads what is written here', async (context) => {
  if (spawnSync('tar', ['--version']).status !== 0) return context.skip('tar is not installed');
  const { stdout, stderr } = spawnSync('tar', ['-t', '--quoting-style=literal', '-f', '-'], {
    input: await written(),
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.replace(/\/$/, '')),
    files.map(({ name }) => name),
  );
});

for (const format of ['gnu', 'pax', 'ustar']) {
  test(`what tar writes in its ${format} format is read here`, async (context) => {
    if (spawnSync('tar', ['--version']).status !== 0) return context.skip('tar is not installed');
    await using folder = await temporaryFolder();
    const name = format === 'ustar' ? `${'d'.repeat(90)}/${'f'.repeat(90)}` : `${'d'.repeat(200)}/${'f'.repeat(200)}`;
    await mkdir(join(folder.path, name, '..'), { recursive: true });
    await writeFile(join(folder.path, name), 'content');
    await symlink('target', join(folder.path, 'link'));
    const { stdout } = spawnSync('tar', [`--format=${format}`, '-c', name, 'link'], { cwd: folder.path });
    assert.deepEqual(await list(stdout), [
      [name, 'file', '', 'content'],
      ['link', 'symlink', 'target', ''],
    ]);
  });
}
