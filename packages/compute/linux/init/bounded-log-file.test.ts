import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { BoundedLogFile } from './bounded-log-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'keelson-log-'));
after(() => rmSync(folder, { recursive: true }));

test('a full log begins anew and keeps the last one, also after a restart', () => {
  const path = join(folder, 'service.log');
  const first = new BoundedLogFile(path, 10);
  first.write(Buffer.from('12345678'));
  first.close();
  const second = new BoundedLogFile(path, 10);
  second.write(Buffer.from('abc'));
  assert.equal(readFileSync(path, 'utf8'), 'abc');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), '12345678');
  second.write(Buffer.from('longer than the limit'));
  second.write(Buffer.from('x'));
  assert.equal(readFileSync(path, 'utf8'), 'x');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'longer than the limit');
  second.close();
});
