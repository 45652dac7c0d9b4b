/**
 * The executable inside an instance and inside the add-ons' containers. Its first word says which part it plays; the
 * words after it are that part's own.
 */
import { messageOf } from '@keelson/base';

/** A part, loaded only where it is played. Its promise settles when the part has ended. */
type Role = (words: readonly string[]) => Promise<void>;

const roles: Readonly<Record<string, Role>> = {
  agent: async () => (await import('./agent.ts')).runAgent(),
  'aws-node': async (words) => (await import('./aws-node.ts')).runAwsNode(words),
  coredns: async (words) => (await import('./coredns.ts')).runCoreDns(words),
  'kube-proxy': async (words) => (await import('./kube-proxy.ts')).runKubeProxy(words),
};

const [name = '', ...words] = process.argv.slice(2);
const role = Object.hasOwn(roles, name) ? roles[name] : undefined;
if (role === undefined) {
  process.stderr.write(`usage: keelson-node ROLE\nroles: ${Object.keys(roles).sort().join(', ')}\n`);
  process.exit(2);
}
try {
  await role(words);
  process.exit(0);
} catch (error) {
  process.stderr.write(`${name}: ${messageOf(error)}\n`);
  process.exit(1);
}
