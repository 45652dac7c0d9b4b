import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodStatus } from '@keelson/model/generated/types/core-v1.ts';
import { statusPatch } from './status-writer.ts';

const condition = (type: string, status: string, more: object = {}) => ({
  type,
  status,
  lastTransitionTime: 't',
  ...more,
});

const patches: [string, PodStatus | undefined, PodStatus, object][] = [
  ['nothing', { phase: 'Running', message: '' }, { phase: 'Running', message: '' }, {}],
  ['what changed', { phase: 'Pending', hostIP: '1' }, { phase: 'Running', hostIP: '1' }, { phase: 'Running' }],
  ['what went', { reason: 'Evicted', phase: 'Failed' }, { phase: 'Failed' }, { reason: null }],
  [
    'empty is the same as absent',
    { containerStatuses: [{ name: 'c', lastState: {} }] } as never,
    { containerStatuses: [{ name: 'c' }] } as never,
    {},
  ],
  [
    'addresses as a whole',
    { podIPs: [{ ip: '1' }] },
    { podIPs: [{ ip: '2' }] },
    { podIPs: [{ ip: '2' }, { $patch: 'replace' }] },
  ],
  [
    'one condition of several',
    { conditions: [condition('A', 'True'), condition('B', 'False', { reason: 'R', message: 'm' })] },
    { conditions: [condition('A', 'True'), condition('B', 'True')] },
    { conditions: [{ ...condition('B', 'True'), reason: null, message: null }] },
  ],
  [
    'no condition because of a probe time',
    { conditions: [condition('A', 'True', { lastProbeTime: null })] } as never,
    { conditions: [condition('A', 'True')] },
    {},
  ],
];

for (const [title, before, now, expected] of patches)
  test(`a status patch holds ${title}`, () => assert.deepEqual(statusPatch(before, now), expected));
