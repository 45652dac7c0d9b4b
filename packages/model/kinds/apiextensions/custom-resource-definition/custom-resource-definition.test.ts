import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeRefusals, refusals } from '../../testing/refusals.ts';
import { customResourceDefinition } from './index.ts';

const text = { type: 'string' };

function version(schema: object = {}, more: object = {}): any {
  const openAPIV3Schema = { type: 'object', ...schema };
  return { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...more };
}

function definition(spec: object = {}, name = 'things.example.com'): any {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [version()],
      ...spec,
    },
  };
}

const schemaOf = (schema: object) => definition({ versions: [version(schema)] });
const field = (property: object) => schemaOf({ properties: { a: property } });
const root = 'spec.validation.openAPIV3Schema';
const label =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

const created: [string, any, string[]][] = [
  ['a plain one', definition(), []],
  [
    'another name',
    definition({}, 'x'),
    ['metadata.name: Invalid value: "x": must be spec.names.plural+"."+spec.group'],
  ],
  [
    'a group without a dot',
    definition({ group: 'x' }, 'things.x'),
    ['spec.group: Invalid value: "x": should be a domain with at least one dot'],
  ],
  [
    'another scope',
    definition({ scope: 'All' }),
    ['spec.scope: Unsupported value: "All": supported values: "Cluster", "Namespaced"'],
  ],
  [
    'no storage version',
    definition({ versions: [version({}, { storage: false })] }),
    [
      'spec.versions: Invalid value: [{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]: must have exactly one version marked as storage version',
      'status.storedVersions: Invalid value: []: must have at least one stored version',
    ],
  ],
  [
    'no schema',
    definition({ versions: [version({}, { schema: undefined })] }),
    ['spec.versions[0].schema.openAPIV3Schema: Required value'],
  ],
  [
    'a bad name',
    definition({ names: { plural: 'things', kind: 'Thing', shortNames: ['T'] } }),
    [`spec.names.shortNames[0]: Invalid value: "T": ${label}`],
  ],
  [
    'a group of the community',
    definition({ group: 'x.k8s.io' }, 'things.x.k8s.io'),
    [
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ],
  ],
  ['no type', field({}), [`${root}.properties[a].type: Required value: must not be empty for specified object fields`]],
  ['no items', field({ type: 'array' }), [`${root}.properties[a].items: Required value: must be specified`]],
  [
    'an unknown type',
    field({ type: 'text' }),
    [
      `${root}.properties[a].type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
    ],
  ],
  [
    'fields that only a rule names',
    schemaOf({ anyOf: [{ required: ['b'], properties: { b: { minimum: 1 } } }] }),
    [`${root}.properties[b]: Required value: because it is defined in ${root}.anyOf[0].properties[b]`],
  ],
  [
    'a type in a rule',
    field({ type: 'string', not: { type: 'string' } }),
    [`${root}.properties[a].not.type: Forbidden: must be empty to be structural`],
  ],
  [
    'int-or-string with its pattern',
    field({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    [],
  ],
  [
    'more than names of metadata',
    schemaOf({ properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } }),
    [
      `${root}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`,
    ],
  ],
  ['names of metadata', schemaOf({ properties: { metadata: { type: 'object', properties: { name: text } } } }), []],
  [
    'a default of another type',
    field({ type: 'integer', default: 'x' }),
    [`${root}.properties[a].default: Invalid value: "string":  in body must be of type integer: "string"`],
  ],
  [
    'a default with unknown fields',
    field({ type: 'object', default: { x: 1 } }),
    [`${root}.properties[a].default: Invalid value: {"x":1}: must not have unknown fields`],
  ],
  [
    'both kinds of properties',
    field({ type: 'object', properties: { b: text }, additionalProperties: text }),
    [`${root}.properties[a].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
  ],
  [
    'a reference',
    field({ type: 'string', $ref: '#/x' }),
    [`${root}.properties[a].$ref: Forbidden: $ref is not supported`],
  ],
  [
    'a list of type map without keys',
    field({ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' }),
    [
      `${root}.properties[a].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
    ],
  ],
  [
    'a key that may be missing',
    field({
      type: 'array',
      items: { type: 'object', properties: { k: text } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    }),
    [
      `${root}.properties[a].items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
    ],
  ],
  [
    'a scale outside of the spec',
    definition({
      versions: [version({}, { subresources: { scale: { specReplicasPath: '.x.y', statusReplicasPath: 'z' } } })],
    }),
    [
      'spec.subresources.scale.specReplicasPath: Invalid value: ".x.y": should be a json path under .spec',
      'spec.subresources.scale.statusReplicasPath: Invalid value: "z": must be a simple json path starting with .',
    ],
  ],
  [
    'a column of another type',
    definition({
      versions: [version({}, { additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] })],
    }),
    ['spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string'],
  ],
  [
    'a field to select by that is no scalar',
    definition({
      versions: [
        version(
          { properties: { a: { type: 'object' } } },
          { selectableFields: [{ jsonPath: '.a' }, { jsonPath: '.b' }] },
        ),
      ],
    }),
    [
      'spec.selectableFields[0].jsonPath: Invalid value: ".a": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
      'spec.selectableFields[1].jsonPath: Invalid value: ".b": is an invalid path: does not refer to a valid field',
    ],
  ],
  [
    'a webhook that is nowhere',
    definition({ conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v9'] } } }),
    [
      'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
      'spec.conversion.conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
    ],
  ],
  [
    'a webhook over plain HTTP',
    definition({
      conversion: {
        strategy: 'Webhook',
        webhook: { clientConfig: { url: 'http://x' }, conversionReviewVersions: ['v1'] },
      },
    }),
    [
      `spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
    ],
  ],
  [
    'a rule without a question',
    field({ type: 'string', 'x-kubernetes-validations': [{ rule: ' ', message: 'x' }] }),
    [`${root}.properties[a].x-kubernetes-validations[0].rule: Required value: rule is not specified`],
  ],
];

test('a definition is refused for what kube-apiserver refuses it for', async (t) => {
  for (const [title, object, expected] of created)
    await t.test(title, () => assert.deepEqual(refusals(customResourceDefinition, object), expected));
});

const established = { conditions: [{ type: 'Established', status: 'True' }] };
const changes: [string, (object: any) => void, string[]][] = [
  ['nothing', () => {}, []],
  [
    'its names',
    ({ spec }) => {
      spec.names.plural = 'other';
    },
    ['spec.names.plural: Invalid value: "other": field is immutable'],
  ],
  [
    'a version that objects are stored as',
    ({ spec }) => {
      spec.versions[0].name = 'v2';
    },
    [
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ],
  ],
];

test('a change is refused for what instances hang on', async (t) => {
  for (const [title, change, expected] of changes)
    await t.test(title, () => {
      const before = { ...definition(), status: established };
      assert.deepEqual(changeRefusals(customResourceDefinition, before, change), expected);
    });
});

test('defaults fill in the names, and warnings tell of formats that are not known', () => {
  const object = field({ type: 'string', format: 'own' });
  customResourceDefinition.defaults!(object);
  assert.deepEqual(object.spec.names, { plural: 'things', kind: 'Thing', singular: 'thing', listKind: 'ThingList' });
  assert.deepEqual(object.spec.conversion, { strategy: 'None' });
  assert.deepEqual(customResourceDefinition.warnings!(object), ['unrecognized format "own"']);
  assert.deepEqual(customResourceDefinition.warnings!(object, object), []);
});
