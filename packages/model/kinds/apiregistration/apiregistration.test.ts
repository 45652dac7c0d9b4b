import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from '../../table/table.ts';
import { created, refusals } from '../testing/refusals.ts';
import { apiService } from './api-service/index.ts';

const service = { namespace: 'kube-system', name: 'metrics-server' };
const spec = { group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100, service };
const metadata = { name: 'v1beta1.metrics.k8s.io' };

test('API services', () => {
  assert.deepEqual(refusals(apiService, { metadata, spec: { ...spec, insecureSkipTLSVerify: true } }), []);
  assert.deepEqual(refusals(apiService, { metadata: { name: 'x' }, spec: {} }), [
    'metadata.name: Invalid value: "x": must be `spec.version+"."+spec.group`: "."',
    'spec.group: Required value: only v1 may have an empty group and it better be legacy kube',
    "spec.version: Invalid value: \"\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
    'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
  ]);
  assert.deepEqual(
    refusals(apiService, {
      metadata,
      spec: { ...spec, caBundle: 'YWJj', insecureSkipTLSVerify: true, service: { port: 70_000 } },
    }),
    [
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
  );
  const { service: _, ...local } = spec;
  assert.deepEqual(
    refusals(apiService, { metadata, spec: { ...local, caBundle: 'YWJj', insecureSkipTLSVerify: true } }),
    [
      'spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
  );
});

test('the table says who answers, and whether', () => {
  const cells = (object: any) => tableOf({ strategy: apiService }, [object], { now: 0 }).rows[0]!.cells.slice(1, 3);
  assert.deepEqual(cells({ metadata, spec }), ['kube-system/metrics-server', 'Unknown']);
  const { service: _, ...local } = spec;
  assert.deepEqual(cells(created(apiService, { metadata, spec: local })), ['Local', 'True']);
  const conditions = [{ type: 'Available', status: 'False', reason: 'ServiceNotFound' }];
  assert.deepEqual(cells({ metadata, spec, status: { conditions } })[1], 'False (ServiceNotFound)');
});
