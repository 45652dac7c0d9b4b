import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { instanceFolder } from './instance-folder.ts';
import { ownFolder, writeRootFiles } from './root-files.ts';

const parent = mkdtempSync(join(tmpdir(), 'keelson-root-'));
after(() => rmSync(parent, { recursive: true }));
const nothing = async () => {};
const facts = {
  hostName: 'node-1',
  machineId: 'ec2',
  nameServers: ['10.0.0.2'],
  searchDomains: ['internal'],
  files: {},
};

test('a disk is made once, and told its name at each start', async () => {
  const folder = instanceFolder(parent, 'i-1');
  await writeRootFiles(folder, facts, nothing);
  writeFileSync(join(folder.root, 'var/kept'), 'kept');
  await writeRootFiles(folder, { ...facts, hostName: 'node-2', files: { '/etc/new/file': 'text' } }, nothing);
  assert.equal(readFileSync(join(folder.root, 'etc/hostname'), 'utf8'), 'node-2\n');
  assert.equal(readFileSync(join(folder.root, 'etc/resolv.conf'), 'utf8'), 'nameserver 10.0.0.2\nsearch internal\n');
  assert.equal(readFileSync(join(folder.root, 'etc/new/file'), 'utf8'), 'text');
  assert.equal(readFileSync(join(folder.root, 'var/kept'), 'utf8'), 'kept');
});

test('links that an instance left lead nowhere', async () => {
  const folder = instanceFolder(parent, 'i-2');
  await writeRootFiles(folder, facts, nothing);
  const outside = join(parent, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'hostname'), 'mine');
  rmSync(join(folder.root, 'etc/hostname'));
  symlinkSync(join(outside, 'hostname'), join(folder.root, 'etc/hostname'));
  await writeRootFiles(folder, facts, nothing);
  assert.equal(readFileSync(join(outside, 'hostname'), 'utf8'), 'mine');
  rmSync(join(folder.root, 'etc'), { recursive: true });
  symlinkSync(outside, join(folder.root, 'etc'));
  await assert.rejects(writeRootFiles(folder, facts, nothing), /is no directory/);
  assert.equal(readFileSync(join(outside, 'hostname'), 'utf8'), 'mine');
  assert.throws(() => ownFolder(folder.root, '/etc/deeper'), /is no directory/);
});

test('a disk that could not be filled is not there', async () => {
  const folder = instanceFolder(parent, 'i-3');
  const full = async () => {
    throw new Error('no space left');
  };
  await assert.rejects(writeRootFiles(folder, facts, full), /no space left/);
  const fill = async (root: string) => writeFileSync(join(root, 'var/filled'), 'once');
  await writeRootFiles(folder, facts, fill);
  assert.equal(readFileSync(join(folder.root, 'var/filled'), 'utf8'), 'once');
  await writeRootFiles(folder, facts, full);
});
