import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '@keelson/model/generated/types/core-v1.ts';
import { hostNetworkHostsFile, hostsFile, podHostname } from './host-names.ts';
import { type NodeResolver, parseResolvConf, planResolver, resolvConfText } from './resolver-plan.ts';

const resolver: NodeResolver = {
  node: parseResolvConf('nameserver 10.0.0.2\nsearch ec2.internal\noptions timeout:2 edns0\n# comment\n'),
  clusterServers: ['10.100.0.10'],
  clusterDomain: 'cluster.local',
};

const pod = (spec: Partial<PodSpec>): Pod => ({
  metadata: { name: 'web-0', namespace: 'shop' },
  spec: { containers: [], ...spec },
});
const clusterFirst =
  'search shop.svc.cluster.local svc.cluster.local cluster.local ec2.internal\nnameserver 10.100.0.10\noptions ndots:5\n';
const nodes = 'search ec2.internal\nnameserver 10.0.0.2\noptions timeout:2 edns0\n';

const plans: [string, Partial<PodSpec>, string][] = [
  ['by default the cluster comes first', {}, clusterFirst],
  ['on the host network the node’s own is used', { hostNetwork: true }, nodes],
  ['unless the pod asks for the cluster’s', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }, clusterFirst],
  ['Default means the node’s', { dnsPolicy: 'Default' }, nodes],
  [
    'None leaves everything to dnsConfig',
    {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['1.1.1.1'],
        searches: ['a.b'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
    'search a.b\nnameserver 1.1.1.1\noptions ndots:2 edns0\n',
  ],
  [
    'dnsConfig adds to what the policy gives, and no server comes twice',
    {
      dnsConfig: {
        nameservers: ['10.100.0.10', '1.1.1.1', '2.2.2.2', '3.3.3.3'],
        options: [{ name: 'ndots', value: '1' }],
      },
    },
    clusterFirst
      .replace('10.100.0.10\n', '10.100.0.10\nnameserver 1.1.1.1\nnameserver 2.2.2.2\n')
      .replace('ndots:5', 'ndots:1'),
  ],
];

for (const [title, spec, text] of plans)
  test(`resolv.conf: ${title}`, () => assert.equal(resolvConfText(planResolver(pod(spec), resolver)), text));

test('host names are cut to what a host name may be, and a subdomain gives a domain', () => {
  assert.deepEqual(podHostname(pod({}), 'cluster.local'), { hostname: 'web-0', domain: '' });
  assert.deepEqual(podHostname(pod({ hostname: 'h', subdomain: 's' }), 'cluster.local'), {
    hostname: 'h',
    domain: 's.shop.svc.cluster.local',
  });
  const long = { metadata: { name: `${'a'.repeat(62)}-b`, namespace: 'x' }, spec: { containers: [] } };
  assert.equal(podHostname(long, 'cluster.local').hostname, 'a'.repeat(62));
});

test('the hosts file names the pod and its aliases', () => {
  const text = hostsFile(
    pod({ subdomain: 's', hostAliases: [{ ip: '1.2.3.4', hostnames: ['x', 'y'] }] }),
    ['10.1.0.5'],
    'cluster.local',
  );
  assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
  assert.match(
    text,
    /\n10\.1\.0\.5\tweb-0\.s\.shop\.svc\.cluster\.local\tweb-0\n\n# Entries added by HostAliases\.\n1\.2\.3\.4\tx\ty\n$/,
  );
  assert.match(
    hostNetworkHostsFile(pod({}), '127.0.0.1 localhost'),
    /^# Kubernetes-managed hosts file \(host network\)\.\n127\.0\.0\.1 localhost\n/,
  );
});
