import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sources from '../generated/sources.json' with { type: 'json' };

const generated = join(import.meta.dirname, '../generated');

test('the generated files are what tools/generate.ts made: run it instead of editing them', () => {
  const files = globSync('**/*.{json,ts}', { cwd: generated }).filter((name) => name !== 'sources.json');
  assert.deepEqual(files.sort(), Object.keys(sources.outputs).sort());
  for (const [name, hash] of Object.entries(sources.outputs)) {
    const text = readFileSync(join(generated, name));
    assert.equal(createHash('sha256').update(text).digest('hex'), hash, name);
  }
});
