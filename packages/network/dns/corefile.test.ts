import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCorefile } from './corefile.ts';
import { readServerBlock } from './server-configuration.ts';

const read = (text: string, environment = {}) =>
  parseCorefile(text, 'Corefile', environment).map((block) => readServerBlock(block, 'Corefile'));

test("the Corefile of EKS' add-on is understood", () => {
  const [block, ...more] = read(`.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
      max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`);
  assert.deepEqual(more, []);
  assert.deepEqual(block, {
    zones: [''],
    port: 53,
    errors: true,
    log: false,
    health: { host: '0.0.0.0', port: 8080, lameduck: 5000 },
    ready: { host: '0.0.0.0', port: 8181 },
    prometheus: { host: '0.0.0.0', port: 9153 },
    kubernetes: {
      zones: ['cluster.local', 'in-addr.arpa', 'ip6.arpa'],
      podNames: true,
      fallthrough: ['in-addr.arpa', 'ip6.arpa'],
      ttl: 5,
    },
    forwards: [
      { from: '', to: ['/etc/resolv.conf'], except: [], policy: 'random', forceTcp: false, maxConcurrent: 1000 },
    ],
    cache: { success: { ttl: 30, capacity: 9984 }, denial: { ttl: 30, capacity: 9984 } },
    loop: true,
    reload: 30_000,
    loadbalance: true,
  });
});

test('several blocks, comments, quotes and variables are read', () => {
  const blocks = read('# first\nexample.org:1053 corp { # here\n forward . {$UP} "10.0.0.3:5353"\n}\n. {\n cache\n}', {
    UP: '10.0.0.2',
  });
  assert.deepEqual(
    blocks.map(({ zones, port }) => [zones, port]),
    [
      [['example.org'], 1053],
      [['corp'], 53],
      [[''], 53],
    ],
  );
  assert.deepEqual(blocks[0]!.forwards[0]!.to, ['10.0.0.2', '10.0.0.3:5353']);
  assert.equal(blocks[2]!.cache?.success.ttl, 3600);
});

const wrong: Record<string, [text: string, problem: string]> = {
  'an unknown directive': ['. {\n  whoami\n}', "Corefile:2 - Error during parsing: Unknown directive 'whoami'"],
  'a directive named like a member of objects': [
    '. {\n  constructor\n}',
    "Corefile:2 - Error during parsing: Unknown directive 'constructor'",
  ],
  'a block that is not closed': ['. {\n  errors', "Corefile:2 - Error during parsing: Unexpected EOF, expecting '}'"],
  'a forward without targets': [
    '. {\n forward .\n}',
    'Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending',
  ],
  'a forward to a name': [
    '. {\n forward . dns.example\n}',
    'Corefile:2 - Error during parsing: not an IP address or file: "dns.example"',
  ],
  'an unknown property': [
    '. {\n kubernetes cluster.local {\n pod x\n}\n}',
    "Corefile:2 - Error during parsing: unknown property 'pod'",
  ],
  'a wrong duration': [
    '. {\n health {\n lameduck soon\n}\n}',
    'Corefile:2 - Error during parsing: time: invalid duration "soon"',
  ],
};

for (const [what, [text, problem]] of Object.entries(wrong)) {
  test(`${what} is refused`, () => {
    assert.throws(() => read(text), { name: 'CorefileError', message: problem });
  });
}
