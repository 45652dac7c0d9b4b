import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SeededRandom } from '@keelson/base';
import { DiskPodFiles } from './disk-pod-files.ts';

async function withFiles(work: (files: DiskPodFiles, root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'keelson-files-'));
  try {
    await work(new DiskPodFiles(root, new SeededRandom(1)), root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const file = (text: string, mode = 0o644) => ({ bytes: Buffer.from(text), mode });

test('a volume changes in one step, and what is gone from it goes', () =>
  withFiles(async (files) => {
    const first = new Map([
      ['a', file('1')],
      ['dir/b', file('2', 0o400)],
      ['old', file('3')],
    ]);
    const path = await files.writeVolume('u', 'configmap', 'v', first, undefined);
    assert.equal(readFileSync(join(path, 'dir/b'), 'utf8'), '2');
    assert.equal(statSync(join(path, 'dir/b')).mode & 0o777, 0o400);
    const before = readlinkSync(join(path, '..data'));
    await files.writeVolume(
      'u',
      'configmap',
      'v',
      new Map([
        ['a', file('new')],
        ['dir/b', file('2')],
      ]),
      undefined,
    );
    assert.notEqual(readlinkSync(join(path, '..data')), before);
    assert.equal(readFileSync(join(path, 'a'), 'utf8'), 'new');
    assert.deepEqual(
      readdirSync(path)
        .filter((name) => !name.startsWith('..'))
        .sort(),
      ['a', 'dir'],
    );
    assert.equal(
      readdirSync(path).filter((name) => name.startsWith('..')).length,
      2,
      'one folder of data and the link to it',
    );
  }));

test('a file of the pod keeps its inode, and its tail can be read', () =>
  withFiles(async (files) => {
    const path = await files.writeFile('u', 'etc-hosts', Buffer.from('one'), 0o644);
    const { ino } = statSync(path);
    await files.writeFile('u', 'etc-hosts', Buffer.from('another'), 0o644);
    assert.equal(statSync(path).ino, ino);
    assert.equal(Buffer.from((await files.readTail(path, 4))!).toString(), 'ther');
    assert.equal(await files.readTail(`${path}-none`, 4), undefined);
  }));

test('sub-paths stay in their volume, whatever links lie in it', () =>
  withFiles(async (files, root) => {
    const volume = join(root, 'volume');
    mkdirSync(volume);
    assert.equal(await files.prepareSubPath(volume, 'a/b'), join(volume, 'a/b'));
    assert.ok(existsSync(join(volume, 'a/b')));
    symlinkSync('/etc', join(volume, 'out'));
    symlinkSync('../..', join(volume, 'up'));
    symlinkSync('a', join(volume, 'fine'));
    for (const bad of ['../x', 'out/passwd', 'up/x'])
      await assert.rejects(files.prepareSubPath(volume, bad), /volume path/);
    assert.equal(await files.prepareSubPath(volume, 'fine/b'), join(volume, 'a/b'));
  }));

test('host paths are what they should be, or are made', () =>
  withFiles(async (files, root) => {
    await files.prepareHostPath(join(root, 'made/deep'), 'DirectoryOrCreate');
    await files.prepareHostPath(join(root, 'made/file'), 'FileOrCreate');
    await files.prepareHostPath(join(root, 'made/file'), 'File');
    const none = join(root, 'none');
    await assert.rejects(
      files.prepareHostPath(none, 'Directory'),
      new Error(`hostPath type check failed: ${none} is not a directory`),
    );
    const wrong = join(root, 'made');
    await assert.rejects(
      files.prepareHostPath(wrong, 'Socket'),
      new Error(`hostPath type check failed: ${wrong} is not a socket`),
    );
  }));

test('removing a pod removes what is its own, and names that lead elsewhere are refused', () =>
  withFiles(async (files, root) => {
    await files.makeEmptyDirectory('u', 'scratch', '', undefined, undefined);
    assert.deepEqual(await files.pods(), ['u']);
    await files.removePod('u');
    assert.deepEqual(await files.pods(), []);
    await assert.rejects(files.removePod('../..'), /is no uid/);
    assert.ok(existsSync(root));
  }));

test('a big log is moved aside, and only the newest of those moved are kept', () =>
  withFiles(async (files, root) => {
    const path = join(root, '0.log');
    for (const stamp of ['20250101-000000', '20250102-000000']) writeFileSync(`${path}.${stamp}`, 'old');
    writeFileSync(path, 'x'.repeat(100));
    assert.equal(await files.rotateLog(path, 1000, 2), false);
    assert.equal(await files.rotateLog(path, 50, 2), true);
    const left = readdirSync(root).sort();
    assert.equal(left.length, 2);
    assert.equal(left[0], '0.log.20250102-000000');
    await files.removeLogs(path);
    assert.deepEqual(readdirSync(root), []);
  }));
