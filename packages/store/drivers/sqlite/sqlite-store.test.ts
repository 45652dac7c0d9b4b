import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualWorld } from '@keelson/base';
import { storeSuite } from '../../suite/index.ts';
import { openSqliteStore } from './index.ts';

storeSuite(
  'sqlite',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'keelson-store-'));
    const world = virtualWorld('sqlite');
    const store = await openSqliteStore({ path: join(directory, 'store.db'), world });
    return {
      store,
      fresh: true,
      advance: (seconds) => world.clock.advance(seconds * 1000),
      dispose: async () => {
        await store.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  },
  { seeds: 8 },
);
