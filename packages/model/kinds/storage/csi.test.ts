import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiObject } from '../../object.ts';
import type { Strategy } from '../../strategy.ts';
import { tableOf } from '../../table/table.ts';
import { ipAddress } from '../networking/ip-address/index.ts';
import { serviceCidr } from '../networking/service-cidr/index.ts';
import { runtimeClass } from '../node/runtime-class/index.ts';
import { changeRefusals, created, refusals } from '../testing/refusals.ts';
import { csiDriver } from './csi-driver/index.ts';
import { csiNode } from './csi-node/index.ts';
import { csiStorageCapacity } from './csi-storage-capacity/index.ts';
import { volumeAttachment } from './volume-attachment/index.ts';
import { volumeAttributesClass } from './volume-attributes-class/index.ts';

const cells = (strategy: Strategy, object: ApiObject) => tableOf({ strategy }, [object], { now: 0 }).rows[0]!.cells;
const ebs = 'ebs.csi.aws.com';

test('CSI drivers', () => {
  const made = created(csiDriver, { metadata: { name: ebs }, spec: {} });
  assert.deepEqual(made['spec'], {
    attachRequired: true,
    podInfoOnMount: false,
    storageCapacity: false,
    requiresRepublish: false,
    seLinuxMount: false,
    fsGroupPolicy: 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: ['Persistent'],
  });
  assert.deepEqual(cells(csiDriver, made).slice(0, 7), [ebs, true, false, false, '<unset>', false, 'Persistent']);
  const spec = {
    fsGroupPolicy: 'Some',
    volumeLifecycleModes: ['Forever'],
    tokenRequests: [{ audience: 'a', expirationSeconds: 1 }, { audience: 'a' }],
    nodeAllocatableUpdatePeriodSeconds: 9,
  };
  assert.deepEqual(refusals(csiDriver, { spec }), [
    'spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", "ReadWriteOnceWithFSType"',
    'spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    'spec.volumeLifecycleModes: Unsupported value: "Forever": supported values: "Persistent", "Ephemeral"',
    'spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
  ]);
  const change = (object: any) => {
    object.spec.attachRequired = false;
    object.spec.podInfoOnMount = true;
  };
  assert.deepEqual(changeRefusals(csiDriver, { spec: {} }, change), [
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ]);
});

test('CSI nodes', () => {
  const node = {
    spec: { drivers: [{ name: ebs, nodeID: 'i-1', topologyKeys: ['zone'], allocatable: { count: 25 } }] },
  };
  assert.deepEqual(refusals(csiNode, node), []);
  const twice = { spec: { drivers: [...node.spec.drivers, { name: ebs, nodeID: '', allocatable: { count: -1 } }] } };
  assert.deepEqual(refusals(csiNode, twice), [
    'spec.drivers[1].nodeID: Required value',
    'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
    `spec.drivers[1].name: Duplicate value: "${ebs}"`,
  ]);
  const grow = (object: any) => {
    object.spec.drivers[0].allocatable.count = 30;
  };
  assert.deepEqual(changeRefusals(csiNode, node, grow), []);
  const move = (object: any) => {
    object.spec.drivers[0].nodeID = 'i-2';
  };
  assert.equal(changeRefusals(csiNode, node, move).length, 1);
  assert.deepEqual(cells(csiNode, node)[1], 1);
});

test('storage capacities and classes of attributes', () => {
  const capacity = { storageClassName: 'gp2', capacity: '1024Mi', nodeTopology: {} };
  assert.equal(created(csiStorageCapacity, capacity)['capacity'], '1Gi');
  assert.deepEqual(refusals(csiStorageCapacity, { ...capacity, capacity: '-1' }), [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]);
  const rename = (object: any) => {
    object.storageClassName = 'gp3';
  };
  assert.deepEqual(changeRefusals(csiStorageCapacity, capacity, rename), [
    'storageClassName: Invalid value: "gp3": field is immutable',
  ]);
  assert.deepEqual(refusals(volumeAttributesClass, { driverName: ebs }), [
    'parameters: Required value: must contain at least one key/value pair',
  ]);
  const more = (object: any) => {
    object.parameters.iops = '2';
  };
  assert.deepEqual(changeRefusals(volumeAttributesClass, { driverName: ebs, parameters: { iops: '1' } }, more), [
    'parameters: Forbidden: updates to parameters are forbidden.',
  ]);
});

test('volume attachments', () => {
  const attachment = (source: object) => ({ metadata: { name: 'a' }, spec: { attacher: ebs, nodeName: 'n1', source } });
  assert.deepEqual(refusals(volumeAttachment, attachment({ persistentVolumeName: 'pv' })), []);
  assert.deepEqual(refusals(volumeAttachment, attachment({})), [
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ]);
  assert.deepEqual(refusals(volumeAttachment, attachment({ inlineVolumeSpec: { capacity: { storage: '1' } } })), [
    'spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.csi: Required value: has to be specified in the context of inline volumes',
    'spec.source.inlineVolumeSpec.accessModes: Required value',
    'spec.source.inlineVolumeSpec: Required value: must specify a volume type',
  ]);
  const made = created(volumeAttachment, attachment({ persistentVolumeName: 'pv' }));
  assert.deepEqual(cells(volumeAttachment, made).slice(0, 5), ['a', ebs, 'pv', 'n1', false]);
});

test('runtime classes', () => {
  const gvisor = { handler: 'runsc', overhead: { podFixed: { cpu: '1000m' } } };
  assert.equal(created(runtimeClass, gvisor)['overhead'].podFixed.cpu, '1');
  const toleration = { key: 'a', operator: 'Exists' };
  assert.deepEqual(refusals(runtimeClass, { handler: 'a', scheduling: { tolerations: [toleration, toleration] } }), [
    'scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists"}',
  ]);
  const change = (object: any) => {
    object.handler = 'runc';
  };
  assert.deepEqual(changeRefusals(runtimeClass, gvisor, change), [
    'handler: Invalid value: "runc": field is immutable',
  ]);
});

test('addresses and the blocks that they are from', () => {
  const address = { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'kubernetes' } } };
  assert.deepEqual(refusals(ipAddress, address), []);
  assert.deepEqual(refusals(ipAddress, { spec: {} }), ['spec.parentRef: Required value']);
  assert.deepEqual(cells(ipAddress, { metadata: { name: '10.0.0.1' }, ...address }), [
    '10.0.0.1',
    'services/default/kubernetes',
  ]);
  const block = (...cidrs: string[]) => refusals(serviceCidr, { spec: { cidrs } });
  assert.deepEqual(block('10.0.0.0/16', 'fd00::/108'), []);
  assert.deepEqual(block(), ['spec.cidrs: Required value: at least one CIDR required']);
  assert.deepEqual(block('10.0.0.1/16'), [
    'spec.cidrs[0]: Invalid value: "10.0.0.1/16": must not have bits set beyond the prefix length',
  ]);
  assert.deepEqual(block('FD00:0::/108'), [
    'spec.cidrs[0]: Invalid value: "FD00:0::/108": must be in canonical form ("fd00::/108")',
  ]);
  assert.deepEqual(block('10.0.0.0/16', '10.1.0.0/16'), [
    'spec.cidrs: Invalid value: ["10.0.0.0/16","10.1.0.0/16"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ]);
  const change = (...cidrs: string[]) =>
    changeRefusals(serviceCidr, { spec: { cidrs: ['10.0.0.0/16'] } }, (object) => {
      object.spec.cidrs = cidrs;
    });
  assert.deepEqual(change('10.0.0.0/16', 'fd00::/108'), []);
  assert.deepEqual(change('10.1.0.0/16'), ['spec.cidrs[0]: Invalid value: "10.1.0.0/16": field is immutable']);
});
