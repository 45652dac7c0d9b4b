import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemWorld } from '@keelson/base';
import { Repositories } from './repositories.ts';

test('a record that cannot be read is an error, and never a repository that is not there', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'keelson-repositories-'));
  try {
    const repositories = await Repositories.open(directory, systemWorld());
    assert.deepEqual(await repositories.all(), []);
    await mkdir(join(directory, 'unreadable.json'));
    await assert.rejects(repositories.all(), { code: 'EISDIR' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
