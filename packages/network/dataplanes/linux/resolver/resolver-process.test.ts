import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { virtualWorld } from '@keelson/base';
import { configurationFile, digestOf, readText, replaceText, stateFile } from '../process-folder.ts';
import type { ResolverConfiguration, ResolverState } from './resolver-configuration.ts';
import { ResolverProcess } from './resolver-process.ts';

const nobodys = '192.0.2.53';

test('it follows its folder, and tries an address that is not there until there is no more need', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-resolver-'));
  const world = virtualWorld('resolver');
  const resolver = new ResolverProcess({ world, folder, port: 0 });
  const state = (): ResolverState => JSON.parse(readText(folder, stateFile) ?? '{}');
  const follow = async (listen: readonly string[]) => {
    const configuration: ResolverConfiguration = { listen, names: { zones: [], addresses: {}, pointers: {} } };
    const text = JSON.stringify(configuration);
    replaceText(folder, configurationFile, text);
    await resolver.load();
    assert.equal(state().configuration, digestOf(text));
  };
  try {
    await follow(['127.0.0.1', nobodys]);
    assert.deepEqual(state().listening, ['127.0.0.1']);
    assert.match(state().problem ?? '', /EADDRNOTAVAIL/);
    await follow(['127.0.0.1']);
    for (let tries = 0; tries < 1000 && state().problem !== undefined; tries++) {
      await world.clock.advance(50);
      await new Promise(setImmediate);
    }
    assert.equal(state().problem, undefined);
    await follow(['127.0.0.2']);
    assert.deepEqual(state().listening, ['127.0.0.2']);
    replaceText(folder, configurationFile, '{');
    await assert.rejects(resolver.load(), SyntaxError);
    assert.deepEqual(state().listening, ['127.0.0.2']);
  } finally {
    await resolver.stop();
    rmSync(folder, { recursive: true });
  }
});
