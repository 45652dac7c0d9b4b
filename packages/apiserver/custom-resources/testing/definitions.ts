import type { TestServer } from '../../testing/test-server.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export const crontabSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['cronSpec'],
      properties: {
        cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
        image: { type: 'string', default: 'busybox' },
        replicas: { type: 'integer', minimum: 1, maximum: 10 },
        port: { 'x-kubernetes-int-or-string': true },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } } },
  },
};

export const crontabVersion = {
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: crontabSchema },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: '.spec.replicas',
      statusReplicasPath: '.status.replicas',
      labelSelectorPath: '.status.labelSelector',
    },
  },
  additionalPrinterColumns: [
    { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
    { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.image' }],
};

/** A definition of CronTab in stable.example.com, with changes to its spec. */
export function crontabDefinition(spec: object = {}): any {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'crontabs.stable.example.com' },
    spec: {
      group: 'stable.example.com',
      scope: 'Namespaced',
      names: { plural: 'crontabs', kind: 'CronTab', shortNames: ['ct'], categories: ['all'] },
      versions: [crontabVersion],
      ...spec,
    },
  };
}

export const crontabs = '/apis/stable.example.com/v1/namespaces/default/crontabs';

export function crontab(name: string, spec: object = {}): any {
  return {
    apiVersion: 'stable.example.com/v1',
    kind: 'CronTab',
    metadata: { name },
    spec: { cronSpec: '* * * * */5', ...spec },
  };
}

/** Asks again until `good` says yes; the server's own loops run in between. */
export async function until<T>(server: TestServer, ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (tries > 200) throw new Error(`never came about: ${JSON.stringify(answer)}`);
    await server.world.clock.advance(50);
  }
}

/** Creates a definition and waits until its kind is served. */
export async function define(server: TestServer, definition: any): Promise<any> {
  const created = await server.ask('POST', definitionsPath, definition);
  if (created.status !== 201) throw new Error(created.text);
  const established = (answer: any) =>
    answer.json.status?.conditions?.some((one: any) => one.type === 'Established' && one.status === 'True');
  const path = `${definitionsPath}/${definition.metadata.name}`;
  return (await until(server, () => server.ask('GET', path), established)).json;
}
