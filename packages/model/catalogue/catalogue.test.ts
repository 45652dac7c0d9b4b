import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalize } from '../codec/decode.ts';
import type { Strategy } from '../strategy.ts';
import { hasType } from '../tables/struct-type.ts';
import { catalogueFor, newestMinor, oldestMinor, resourceOf } from './kubernetes-catalogue.ts';
import { compareVersions, indexResources } from './resource-index.ts';
import type { ResourceRow } from './resource-row.ts';

test('versions are preferred when they are stable, then when they are newer', () => {
  const versions = ['v1beta1', 'v10', 'v2', 'v1alpha2', 'v1', 'v2beta1', 'other'];
  assert.deepEqual(versions.sort(compareVersions), ['v10', 'v2', 'v1', 'v2beta1', 'v1beta1', 'v1alpha2', 'other']);
});

test('every minor serves what the one before it served, and every type is in the tables', () => {
  let before: string[] = [];
  for (let minor = oldestMinor; minor <= newestMinor; minor++) {
    const catalogue = catalogueFor(minor);
    const served = catalogue.groupVersions.flatMap(({ group, version }) =>
      catalogue.resourcesOf(group, version).map((resource) => {
        assert.ok(hasType(resource.type), resource.type);
        for (const subresource of Object.values(resource.subresources)) assert.ok(hasType(subresource.type));
        assert.equal(catalogue.find(group, version, resource.resource), resource);
        assert.equal(catalogue.findKind(group, version, resource.kind), resource);
        return `${group}/${version}/${resource.resource}`;
      }),
    );
    assert.deepEqual(
      before.filter((name) => !served.includes(name)),
      [],
    );
    before = served;
  }
  assert.throws(() => catalogueFor(oldestMinor - 1));
});

/** The stable versions' resources that each minor brought, from the API's own lifecycle. */
const arrivals: Readonly<Record<number, readonly string[]>> = {
  28: ['authentication.k8s.io/v1 selfsubjectreviews'],
  29: ['flowcontrol.apiserver.k8s.io/v1 flowschemas', 'flowcontrol.apiserver.k8s.io/v1 prioritylevelconfigurations'],
  30: [
    'admissionregistration.k8s.io/v1 validatingadmissionpolicies',
    'admissionregistration.k8s.io/v1 validatingadmissionpolicybindings',
  ],
  33: ['networking.k8s.io/v1 ipaddresses', 'networking.k8s.io/v1 servicecidrs'],
  34: [
    'resource.k8s.io/v1 deviceclasses',
    'resource.k8s.io/v1 resourceclaims',
    'resource.k8s.io/v1 resourceclaimtemplates',
    'resource.k8s.io/v1 resourceslices',
    'storage.k8s.io/v1 volumeattributesclasses',
  ],
  36: [
    'admissionregistration.k8s.io/v1 mutatingadmissionpolicies',
    'admissionregistration.k8s.io/v1 mutatingadmissionpolicybindings',
  ],
};

test('a stable version is served from the minor that brought it', () => {
  const served = (minor: number) => {
    const catalogue = catalogueFor(minor);
    return catalogue.groupVersions.flatMap(({ group, version }) =>
      catalogue.resourcesOf(group, version).map(({ resource }) => `${group}/${version} ${resource}`),
    );
  };
  for (let minor = oldestMinor + 1; minor <= newestMinor; minor++) {
    const before = new Set(served(minor - 1));
    assert.deepEqual(
      served(minor).filter((name) => !before.has(name)),
      arrivals[minor] ?? [],
      `1.${minor}`,
    );
  }
});

const row: ResourceRow = {
  group: 'policy',
  version: 'v1',
  resource: 'things',
  kind: 'Thing',
  type: 'policy/v1.Thing',
  namespaced: true,
  verbs: ['get'],
  deprecated: 34,
  removed: 37,
  replacement: 'policy/v2 Thing',
};

test('a deprecated version warns from the minor that deprecated it', () => {
  const strategy: Strategy = { apiVersion: 'policy/v1', kind: 'Thing' };
  assert.equal(resourceOf(row, strategy, 33).deprecation, undefined);
  assert.equal(
    resourceOf(row, strategy, 34).deprecation,
    'policy/v1 Thing is deprecated in v1.34+, unavailable in v1.37+; use policy/v2 Thing',
  );
});

test('what is stored in another form, or not at all, is not among the stored resources', () => {
  const make = (resource: string, strategy: Omit<Strategy, 'apiVersion' | 'kind'>) =>
    resourceOf({ ...row, resource, kind: resource }, { apiVersion: 'policy/v1', kind: resource, ...strategy }, 33);
  const catalogue = indexResources([make('plain', {}), make('virtual', { virtual: true })]);
  assert.deepEqual(
    catalogue.stored().map(({ resource }) => resource),
    ['plain'],
  );
  assert.equal(catalogue.resourcesOf('policy', 'v1').length, 2);
});

test('an older minor has no fields that came later', () => {
  const podRow: ResourceRow = { ...row, group: '', resource: 'pods', kind: 'Pod', type: 'core/v1.Pod' };
  const typeIn = (minor: number) => resourceOf(podRow, { apiVersion: 'v1', kind: 'Pod' }, minor).type;
  const pod = {
    spec: { hostnameOverride: 'a', containers: [{ name: 'a', restartPolicyRules: [{ action: 'Restart' }] }] },
  };
  assert.deepEqual(normalize(typeIn(33), pod).unknown, [
    'unknown field "spec.hostnameOverride"',
    'unknown field "spec.containers[0].restartPolicyRules"',
  ]);
  assert.deepEqual(normalize(typeIn(34), pod).unknown, []);
  assert.equal(typeIn(36), 'core/v1.Pod');
  assert.throws(
    () => normalize(typeIn(33), { spec: 1 }),
    /^DecodeError: json: cannot unmarshal number into Go struct field Pod\.spec of type v1\.PodSpec$/,
  );
});
