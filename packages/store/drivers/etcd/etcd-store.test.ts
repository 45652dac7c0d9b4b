import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { systemWorld } from '@keelson/base';
import { storeSuite } from '../../suite/index.ts';
import { EtcdProcess, etcdMissing, freePort } from './etcd-process.ts';
import { openEtcdStore } from './index.ts';

const skip = etcdMissing();
let directory = '';
let etcd: EtcdProcess;
let stores = 0;

before(async () => {
  if (skip) return;
  directory = await mkdtemp(join(tmpdir(), 'keelson-etcd-'));
  etcd = new EtcdProcess(directory, { client: await freePort(), peer: await freePort() });
  await etcd.start();
});

after(async () => {
  await etcd?.stop();
  if (directory) await rm(directory, { recursive: true, force: true });
});

storeSuite(
  'etcd',
  async () => {
    const number = stores++;
    const keyPrefix = `/test-${number}/`;
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], world: systemWorld(), keyPrefix });
    return {
      store,
      fresh: number === 0,
      advance: async () => {},
      dispose: () => store.close(),
    };
  },
  { seeds: 5, skip },
);
