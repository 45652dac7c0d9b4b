import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceOf } from '../catalogue/kubernetes-catalogue.ts';
import { indexResources } from '../catalogue/resource-index.ts';
import type { ResourceRow } from '../catalogue/resource-row.ts';
import published from '../generated/kubernetes-resources.json' with { type: 'json' };
import { regionCatalogue } from '../region/index.ts';
import type { ResourceCatalogue } from '../resources.ts';
import { descriptionsFrom } from './descriptions.ts';
import { aggregatedDiscovery, apiGroupList, apiResourceList } from './discovery.ts';
import { openApiV3, openApiV3Index } from './openapi.ts';

/** Every stable resource, so that documents are tested for kinds that have no folder yet. */
function everything(): ResourceCatalogue {
  const rows = (published.resources as readonly ResourceRow[]).filter(({ version }) => /^v\d+$/.test(version));
  return indexResources(
    rows.map((row) => {
      const apiVersion = row.group === '' ? row.version : `${row.group}/${row.version}`;
      return resourceOf(row, { apiVersion, kind: row.kind }, 36);
    }),
  );
}

const catalogue = everything();

/** Every `$ref` in a document; JSONSchemaProps has a field of that name too. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

test('groups name their versions, the preferred one first', () => {
  const { groups } = apiGroupList(catalogue) as { groups: any[] };
  assert.deepEqual(
    groups.find(({ name }) => name === 'autoscaling'),
    {
      name: 'autoscaling',
      versions: [
        { groupVersion: 'autoscaling/v2', version: 'v2' },
        { groupVersion: 'autoscaling/v1', version: 'v1' },
      ],
      preferredVersion: { groupVersion: 'autoscaling/v2', version: 'v2' },
    },
  );
  assert.ok(groups.every(({ name }) => name !== ''));
});

test('a resource and its sub-resources as discovery lists them', () => {
  const { resources, ...head } = apiResourceList(catalogue, 'apps', 'v1') as { resources: any[] };
  assert.deepEqual(head, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1' });
  assert.deepEqual(
    resources.find(({ name }) => name === 'deployments'),
    {
      name: 'deployments',
      singularName: 'deployment',
      namespaced: true,
      kind: 'Deployment',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      shortNames: ['deploy'],
      categories: ['all'],
      storageVersionHash: '8aSe+NMegvE=',
    },
  );
  assert.deepEqual(
    resources.find(({ name }) => name === 'deployments/scale'),
    {
      name: 'deployments/scale',
      singularName: '',
      namespaced: true,
      group: 'autoscaling',
      version: 'v1',
      kind: 'Scale',
      verbs: ['get', 'patch', 'update'],
    },
  );
});

test('aggregated discovery splits the core group from the others', () => {
  const core = aggregatedDiscovery(catalogue, 'api') as { items: any[]; apiVersion: string };
  assert.equal(core.apiVersion, 'apidiscovery.k8s.io/v2');
  assert.deepEqual(
    core.items.map(({ metadata }) => metadata),
    [{}],
  );
  const pods = core.items[0].versions[0].resources.find(({ resource }: { resource: string }) => resource === 'pods');
  assert.equal(pods.scope, 'Namespaced');
  assert.deepEqual(
    pods.subresources.find((each: any) => each.subresource === 'eviction'),
    {
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    },
  );
  const rest = aggregatedDiscovery(catalogue, 'apis', 'v2beta1') as { items: any[]; apiVersion: string };
  assert.equal(rest.apiVersion, 'apidiscovery.k8s.io/v2beta1');
  assert.ok(rest.items.some(({ metadata }) => metadata.name === 'apps'));
});

test('every document of every catalogue is whole: what it refers to is there', () => {
  for (const each of [catalogue, regionCatalogue()]) {
    const { paths } = openApiV3Index(each) as { paths: Record<string, { serverRelativeURL: string }> };
    assert.equal(Object.keys(paths).length, each.groupVersions.length);
    for (const { group, version } of each.groupVersions) {
      const document = openApiV3(each, group, version) as any;
      const schemas = Object.keys(document.components.schemas);
      for (const reference of new Set(references(document))) {
        assert.ok(
          schemas.includes(reference.replace('#/components/schemas/', '')),
          `${group}/${version}: ${reference}`,
        );
      }
    }
  }
});

test('a patch says that it can be validated, run dry and merged: kubectl asks the document, not the server', () => {
  const document = openApiV3(catalogue, 'apps', 'v1') as any;
  const { patch } = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}'];
  const names = patch.parameters.map(({ name }: { name: string }) => name);
  assert.ok(names.includes('fieldValidation') && names.includes('dryRun'));
  assert.ok('application/strategic-merge-patch+json' in patch.requestBody.content);
  assert.deepEqual(patch['x-kubernetes-group-version-kind'], { group: 'apps', version: 'v1', kind: 'Deployment' });
  const { schemas } = document.components;
  assert.deepEqual(schemas['io.k8s.api.apps.v1.Deployment']['x-kubernetes-group-version-kind'], [
    { group: 'apps', version: 'v1', kind: 'Deployment' },
  ]);
  assert.deepEqual(schemas['io.k8s.api.core.v1.PodSpec'].properties.containers, {
    type: 'array',
    items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Container' }], default: {} },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['name'],
    'x-kubernetes-patch-merge-key': 'name',
    'x-kubernetes-patch-strategy': 'merge',
  });
});

test('the address of a document changes with its resources', () => {
  const all = openApiV3Index(catalogue) as { paths: Record<string, { serverRelativeURL: string }> };
  const fewer = openApiV3Index(indexResources(catalogue.resourcesOf('apps', 'v1').slice(1))) as typeof all;
  assert.notEqual(all.paths['apis/apps/v1']!.serverRelativeURL, fewer.paths['apis/apps/v1']!.serverRelativeURL);
});

test('descriptions are put in where they are known', () => {
  const document = openApiV3(catalogue, 'batch', 'v1', (type, field) =>
    type === 'batch/v1.JobSpec' && field === 'completions' ? 'How many.' : undefined,
  ) as any;
  const { completions, parallelism } = document.components.schemas['io.k8s.api.batch.v1.JobSpec'].properties;
  assert.equal(completions.description, 'How many.');
  assert.equal(parallelism.description, undefined);
});

test('descriptions are read from the text once, and names that objects inherit are no types', () => {
  let reads = 0;
  const describe = descriptionsFrom(() => {
    reads++;
    return '{"core/v1.Pod":{"":"A pod.","spec":"Its wish."}}';
  });
  assert.equal(reads, 0);
  assert.deepEqual([describe('core/v1.Pod'), describe('core/v1.Pod', 'spec')], ['A pod.', 'Its wish.']);
  assert.deepEqual([describe('core/v1.Pod', 'toString'), describe('constructor', 'name')], [undefined, undefined]);
  assert.equal(reads, 1);
});
