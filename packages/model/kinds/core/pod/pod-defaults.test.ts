import assert from 'node:assert/strict';
import { test } from 'node:test';
import { created } from '../../testing/refusals.ts';
import { imageTag } from './image-tag.ts';
import { pod } from './index.ts';
import { qualityOfService } from './quality-of-service.ts';
import { aggregateContainers, podRequests } from './resource-requests.ts';

test('what a pod gets when nobody says', () => {
  const made = created(pod, {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      serviceAccountName: 'robot',
      hostNetwork: true,
      containers: [
        {
          name: 'app',
          image: 'nginx',
          ports: [{ containerPort: 80 }],
          resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: '0.1' } },
          env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          readinessProbe: { httpGet: { port: 80 } },
        },
      ],
      volumes: [
        { name: 'none' },
        { name: 'keys', secret: { secretName: 's' } },
        { name: 'host', hostPath: { path: '/' } },
      ],
    },
  });
  assert.deepEqual(made['spec'], {
    serviceAccountName: 'robot',
    serviceAccount: 'robot',
    hostNetwork: true,
    containers: [
      {
        name: 'app',
        image: 'nginx',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ports: [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
        env: [{ name: 'N', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
        readinessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
    volumes: [
      { name: 'none', emptyDir: {} },
      { name: 'keys', secret: { secretName: 's', defaultMode: 420 } },
      { name: 'host', hostPath: { path: '/', type: '' } },
    ],
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
  });
  assert.deepEqual(made['status'], { phase: 'Pending', qosClass: 'Burstable' });
});

test('a gated pod says so, and label keys become requirements', () => {
  const made = created(pod, {
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      schedulingGates: [{ name: 'wait' }],
      containers: [{ name: 'app', image: 'x' }],
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'z',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: {},
          matchLabelKeys: ['app', 'no'],
        },
      ],
    },
  });
  assert.equal(made['status'].conditions[0].reason, 'SchedulingGated');
  assert.deepEqual(made['spec'].topologySpreadConstraints[0].labelSelector, {
    matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }],
  });
});

test('tags of images', () => {
  const tags: Record<string, string> = {
    nginx: 'latest',
    'nginx:1.2': '1.2',
    'host:5000/nginx': 'latest',
    'host:5000/a/nginx:3': '3',
    'nginx@sha256:abc': '',
    'nginx:4@sha256:abc': '4',
    '': '',
  };
  for (const [image, tag] of Object.entries(tags)) assert.equal(imageTag(image), tag, image);
});

test('the quality of service follows requests and limits', () => {
  const container = (requests: object, limits: object) => ({ resources: { requests, limits } });
  const both = { cpu: '1', memory: '1Gi' };
  assert.equal(qualityOfService({ containers: [{}] }), 'BestEffort');
  assert.equal(qualityOfService({ containers: [container(both, both)] }), 'Guaranteed');
  assert.equal(qualityOfService({ containers: [container(both, both), {}] }), 'Burstable');
  assert.equal(qualityOfService({ containers: [container({ cpu: '1' }, {})] }), 'Burstable');
  assert.equal(qualityOfService({ containers: [{}], resources: { requests: both, limits: both } }), 'Guaranteed');
});

test('what a pod needs is what runs at the same time', () => {
  const asks = (cpu: string, restartPolicy?: string) => ({ restartPolicy, resources: { requests: { cpu } } });
  const spec = {
    initContainers: [asks('1'), asks('500m', 'Always'), asks('3')],
    containers: [asks('1'), asks('200m')],
    overhead: { cpu: '10m' },
  };
  assert.equal(aggregateContainers(spec, 'requests').get('cpu')!.toString(), '3500m');
  assert.equal(podRequests(spec).get('cpu')!.toString(), '3510m');
  assert.equal(
    aggregateContainers({ ...spec, initContainers: [asks('1', 'Always')] }, 'requests')
      .get('cpu')!
      .toString(),
    '2200m',
  );
});
