import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import { changeRefusals, created, facts, refusals, statusRefusals } from '../testing/refusals.ts';
import { deviceClass } from './device-class/index.ts';
import { resourceClaim } from './resource-claim/index.ts';
import { resourceClaimTemplate } from './resource-claim-template/index.ts';
import { resourceSlice } from './resource-slice/index.ts';

const gpu = { deviceClassName: 'gpu.example.com' };
const claim = (devices: object = { requests: [{ name: 'gpu', exactly: gpu }] }): ApiObject => ({
  metadata: { name: 'a', namespace: 'default' },
  spec: { devices },
});
const selecting = (expression: string) =>
  claim({ requests: [{ name: 'r', exactly: { ...gpu, selectors: [{ cel: { expression } }] } }] });

test('a request asks for one device', () => {
  const { exactly } = created(resourceClaim, claim())['spec'].devices.requests[0];
  assert.deepEqual(exactly, { ...gpu, allocationMode: 'ExactCount', count: 1 });
});

test('claims are refused in the words of upstream', () => {
  const config = [{ requests: ['gpu', 'other'], opaque: { driver: 'gpu.example.com', parameters: [] } }];
  const cases: [ApiObject, string[]][] = [
    [claim(), []],
    [
      claim({ requests: [{ name: 'a' }, { name: 'a', exactly: gpu, firstAvailable: [{ name: 'b', ...gpu }] }] }),
      [
        'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
        'spec.devices.requests[1]: Invalid value: null: exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set',
        'spec.devices.requests[1]: Duplicate value: "a"',
      ],
    ],
    [
      claim({ requests: [{ name: 'a', exactly: { allocationMode: 'All', count: 2 } }] }),
      [
        'spec.devices.requests[0].exactly.deviceClassName: Required value',
        "spec.devices.requests[0].exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'",
      ],
    ],
    [
      claim({ requests: [{ name: 'gpu', exactly: gpu }], constraints: [{ matchAttribute: 'model' }, {}], config }),
      [
        'spec.devices.constraints[0].matchAttribute: Invalid value: "model": must include a domain',
        'spec.devices.constraints[1]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
        'spec.devices.config[0].requests[1]: Invalid value: "other": must be the name of a request in the claim or the name of a request and a subrequest separated by \'/\'',
        'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      ],
    ],
    [selecting('device.attributes["gpu.example.com"].model == "a100"'), []],
    [selecting('device.attributes["gpu.example.com"].model.matches("^a.*")'), []],
    [selecting('device.capacity["gpu.example.com"].memory.compareTo(quantity("1Gi")) >= 0'), []],
    [
      selecting('device.driver'),
      [
        'spec.devices.requests[0].exactly.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string',
      ],
    ],
  ];
  for (const [object, expected] of cases) assert.deepEqual(refusals(resourceClaim, object), expected);
  assert.match(refusals(resourceClaim, selecting('device.name == 1'))[0] ?? '', /compilation failed: ERROR/);
  const many = Array.from({ length: 33 }, (_, i) => ({ name: `r${i}`, exactly: gpu }));
  assert.deepEqual(refusals(resourceClaim, claim({ requests: many })), [
    'spec.devices.requests: Too many: 33: must have at most 32 items',
  ]);
});

test('a claim is not changed, and its devices are reserved after they are allocated', () => {
  const rename = (object: any) => {
    object.spec.devices.requests[0].name = 'b';
  };
  assert.match(
    changeRefusals(resourceClaim, claim(), rename)[0] ?? '',
    /^spec: Invalid value: .*: field is immutable$/,
  );
  const user = { resource: 'pods', name: 'p', uid: '1' };
  const reserve = (object: any) => {
    object.status.reservedFor = [user];
  };
  assert.deepEqual(statusRefusals(resourceClaim, claim(), reserve), [
    'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
  ]);
  const result = { request: 'gpu', driver: 'gpu.example.com', pool: 'n1', device: 'gpu-0' };
  const allocate = (devices: object[]) => (object: any) => {
    object.status = { allocation: { devices: { results: [result] } }, reservedFor: [user], devices };
  };
  const { request: _, ...device } = result;
  assert.deepEqual(statusRefusals(resourceClaim, claim(), allocate([device])), []);
  assert.deepEqual(statusRefusals(resourceClaim, claim(), allocate([{ ...device, device: 'gpu-1' }])), [
    'status.devices[0]: Invalid value: "gpu.example.com/n1/gpu-1": must be an allocated device in the claim',
  ]);
});

test('templates and classes', () => {
  const spec = { metadata: { labels: { a: 'b' }, name: 'x' }, spec: claim()['spec'] };
  assert.deepEqual(refusals(resourceClaimTemplate, { metadata: { name: 't' }, spec }), [
    'spec.metadata.name: Forbidden: cannot be set',
  ]);
  assert.deepEqual(refusals(deviceClass, { spec: { selectors: [{ cel: { expression: 'true' } }] } }), []);
  assert.deepEqual(refusals(deviceClass, { spec: { selectors: [{}], config: [{}], extendedResourceName: 'gpu' } }), [
    'spec.selectors[0].cel: Required value',
    'spec.config[0].opaque: Required value',
    'spec.extendedResourceName: Invalid value: "gpu": must be a valid extended resource name',
  ]);
});

const slice = (spec: object = {}): ApiObject => ({
  metadata: { name: 's' },
  spec: {
    driver: 'gpu.example.com',
    pool: { name: 'n1', resourceSliceCount: 1 },
    nodeName: 'n1',
    devices: [{ name: 'gpu-0', attributes: { model: { string: 'a100' } }, capacity: { memory: { value: '40Gi' } } }],
    ...spec,
  },
});

test('slices', () => {
  const cases: [object, string[]][] = [
    [{}, []],
    [
      { nodeName: undefined, pool: { name: '', resourceSliceCount: 0, generation: -1 } },
      [
        'spec.pool.name: Required value',
        'spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero',
        'spec.pool.generation: Invalid value: -1: must be greater than or equal to zero',
        'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
      ],
    ],
    [
      { allNodes: true },
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
      ],
    ],
    [
      {
        devices: [
          {
            name: 'd',
            attributes: { 'a-b': { int: 1 }, v: { version: '1' }, none: {} },
            taints: [{ key: 'a', effect: 'Never' }],
            nodeName: 'n2',
          },
          { name: 'd', consumesCounters: [{ counterSet: 'c' }] },
        ],
      },
      [
        "spec.devices[0].attributes[a-b]: Invalid value: \"a-b\": a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')",
        'spec.devices[0].attributes[v].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0',
        'spec.devices[0].attributes[none]: Invalid value: "": exactly one value must be specified',
        'spec.devices[0].taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"',
        'spec.devices[0]: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec',
        'spec.devices[1].consumesCounters[0].counters: Required value',
        'spec.devices[1]: Duplicate value: "d"',
      ],
    ],
  ];
  for (const [spec, expected] of cases) assert.deepEqual(refusals(resourceSlice, slice(spec)), expected);
  const tainted = slice({ devices: [{ name: 'd', taints: [{ key: 'a', effect: 'NoSchedule' }] }] });
  assert.equal(created(resourceSlice, tainted)['spec'].devices[0].taints[0].timeAdded, facts.now);
});

test('how much of a shared capacity may be asked for', () => {
  const policy = (requestPolicy: object) =>
    refusals(
      resourceSlice,
      slice({
        devices: [{ name: 'd', allowMultipleAllocations: true, capacity: { m: { value: '10Gi', requestPolicy } } }],
      }),
    ).map((line) => line.replace('spec.devices[0].capacity[m].requestPolicy', ''));
  assert.deepEqual(policy({ default: '1Gi', validRange: { min: '1Gi', max: '8Gi', step: '1Gi' } }), []);
  assert.deepEqual(policy({ default: '2Gi', validValues: ['1Gi', '20Gi'] }), [
    '.validValues[1]: Invalid value: "20Gi": option is larger than capacity value: 10Gi',
    '.validValues: Invalid value: "2Gi": default value is not valid according to the requestPolicy',
  ]);
  assert.deepEqual(policy({ validRange: { min: '1Gi' } }), [
    '.default: Required value: required when validRange is defined',
  ]);
});
