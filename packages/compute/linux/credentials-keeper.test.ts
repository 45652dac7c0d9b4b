import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { CredentialsKeeper } from './credentials-keeper.ts';

const folder = mkdtempSync(join(tmpdir(), 'keelson-credentials-'));
after(() => rmSync(folder, { recursive: true }));
const hour = 3_600_000;

test('credentials are renewed at half of their life, a failure is tried again, and nobody is asked after the end', async () => {
  const world = virtualWorld(1);
  const file = join(folder, 'credentials.json');
  let asked = 0;
  let refuse = false;
  const keeper = new CredentialsKeeper(world, async () => {
    asked++;
    if (refuse) throw new Error('no');
    const time = (milliseconds: number) => new Date(milliseconds).toISOString();
    const now = world.clock.now();
    const [lastUpdated, expiration] = [time(now), time(now + 6 * hour)];
    return { accessKeyId: `ASIA${asked}`, secretAccessKey: 's', sessionToken: 't', lastUpdated, expiration };
  });
  const key = () => JSON.parse(readFileSync(file, 'utf8')).accessKeyId;
  await keeper.add('i-1', file);
  assert.equal(key(), 'ASIA1');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await keeper.add('i-1', file);
  assert.equal(asked, 1);
  await world.clock.advance(2.9 * hour);
  assert.equal(asked, 1);
  refuse = true;
  await world.clock.advance(0.2 * hour);
  assert.ok(asked > 2);
  assert.equal(key(), 'ASIA1');
  refuse = false;
  const before = asked;
  await world.clock.advance(0.1 * hour);
  assert.equal(key(), `ASIA${before + 1}`);
  assert.equal(asked, before + 1);
  keeper.remove('i-1');
  await world.clock.advance(10 * hour);
  assert.equal(asked, before + 1);
});
