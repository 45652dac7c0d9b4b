import { type FieldSelector, parseFieldSelector, SelectorError } from '@keelson/model';
import type { ObjectReader } from '../admission/contract.ts';
import type { UserInfo } from '../authentication/contract.ts';
import { quoted } from '../authentication/quoted.ts';
import { nodeRules } from './bootstrap/index.ts';
import type { Attributes, AuthorizationResult, Authorizer, ResourceRules } from './contract.ts';
import { NodeGraph } from './node-graph.ts';
import { nodeNameOf } from './node-identity.ts';
import { type PolicyRule, ruleAllows } from './policy-rule.ts';

const leaseNamespace = 'kube-node-lease';
const allowed: AuthorizationResult = { decision: 'allow', reason: '' };
const silent: AuthorizationResult = { decision: 'noOpinion', reason: '' };

/**
 * What a node may do: what every node may (system:node), narrowed to the objects that its own pods use, its own Node and
 * its own lease. Who is no node it has no opinion about. What only the new object tells is NodeRestriction's.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #reader: ObjectReader;
  readonly #graph: NodeGraph;
  readonly #rules: readonly PolicyRule[];
  readonly #minor: number;

  /** @param minor the cluster's Kubernetes minor version */
  constructor(reader: ObjectReader, minor: number) {
    this.#reader = reader;
    this.#graph = new NodeGraph(reader);
    this.#rules = nodeRules(minor);
    this.#minor = minor;
  }

  close(): void {
    this.#graph.close();
  }

  async authorize(asked: Attributes): Promise<AuthorizationResult> {
    const node = nodeNameOf(asked.user);
    if (node === undefined) return silent;
    if (node === '') return no(`unknown node for user ${quoted(asked.user.name)}`);
    const narrowed = asked.resourceRequest ? this.#narrowed(node, withSelectedName(asked)) : undefined;
    if (narrowed !== undefined) return narrowed;
    return this.#rules.some((rule) => ruleAllows(rule, asked)) ? allowed : silent;
  }

  async rulesFor(user: UserInfo): Promise<ResourceRules> {
    const nothing = { resourceRules: [], nonResourceRules: [] };
    if (nodeNameOf(user) === undefined) return { ...nothing, incomplete: false };
    const evaluationError = 'node authorizer does not support user rule resolution';
    return { ...nothing, incomplete: true, evaluationError };
  }

  #narrowed(node: string, asked: Attributes): AuthorizationResult | undefined {
    const { namespace, name } = asked;
    switch (asked.apiGroup === '' ? asked.resource : `${asked.resource}.${asked.apiGroup}`) {
      case 'secrets':
        return readOf(node, asked, () => this.#graph.usesSecret(node, namespace, name));
      case 'configmaps':
        return readOf(node, asked, () => this.#graph.uses(node, 'configmaps', namespace, name));
      case 'persistentvolumeclaims': {
        const related = () => this.#graph.uses(node, 'persistentvolumeclaims', namespace, name);
        return asked.subresource === 'status' ? statusOf(node, asked, related) : getOf(node, asked, related);
      }
      case 'persistentvolumes':
        return getOf(node, asked, () => this.#graph.usesVolume(node, name));
      case 'resourceclaims.resource.k8s.io':
        return getOf(node, asked, () => this.#graph.uses(node, 'resourceclaims', namespace, name));
      case 'volumeattachments.storage.k8s.io':
        return getOf(node, asked, () => this.#isOf(node, 'storage.k8s.io', 'volumeattachments', name));
      case 'serviceaccounts':
        return this.#serviceAccount(node, asked);
      case 'leases.coordination.k8s.io':
        return leaseOf(node, asked);
      case 'csinodes.storage.k8s.io':
        return csiNodeOf(node, asked);
      case 'resourceslices.resource.k8s.io':
        return sliceOf(node, asked, () => this.#isOf(node, 'resource.k8s.io', 'resourceslices', name));
      case 'nodes':
        return nodeOf(node, asked);
      case 'pods':
        return podOf(node, asked, () => this.#graph.hasPod(node, namespace, name));
      default:
        return undefined;
    }
  }

  #serviceAccount(node: string, asked: Attributes): AuthorizationResult {
    const related = () => this.#graph.uses(node, 'serviceaccounts', asked.namespace, asked.name);
    if (this.#minor >= 34 && asked.verb === 'get' && asked.subresource === '') return getOf(node, asked, related);
    if (asked.verb !== 'create' || asked.name === '')
      return no('can only create tokens for individual service accounts');
    if (asked.subresource !== 'token') return no('can only create token subresource of serviceaccount');
    return relatedOnly(node, related);
  }

  #isOf(node: string, group: string, resource: string, name: string): boolean {
    return this.#reader.get(group, resource, '', name)?.['spec']?.nodeName === node;
  }
}

function no(reason: string): AuthorizationResult {
  return { decision: 'noOpinion', reason };
}

function relatedOnly(node: string, related: () => boolean): AuthorizationResult {
  return related() ? allowed : no(`no relationship found between node '${node}' and this object`);
}

function relatedNamed(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  return asked.name === '' ? no('No Object name found') : relatedOnly(node, related);
}

function readOf(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  if (!['get', 'list', 'watch'].includes(asked.verb)) return no('can only read resources of this type');
  if (asked.subresource !== '') return no('cannot read subresource');
  if (asked.namespace === '') return no('can only read namespaced object of this type');
  return relatedNamed(node, asked, related);
}

function getOf(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  if (asked.verb !== 'get') return no('can only get individual resources of this type');
  if (asked.subresource !== '') return no('cannot get subresource');
  return relatedNamed(node, asked, related);
}

function statusOf(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  if (!['update', 'patch'].includes(asked.verb)) return no('can only get/update/patch this type');
  return relatedNamed(node, asked, related);
}

const ownObjectVerbs = ['get', 'create', 'update', 'patch', 'delete'];

function leaseOf(node: string, asked: Attributes): AuthorizationResult {
  if (!ownObjectVerbs.includes(asked.verb)) {
    return no('can only get, create, update, patch, or delete a node lease');
  }
  if (asked.namespace !== leaseNamespace) {
    return no(`can only access leases in the ${quoted(leaseNamespace)} system namespace`);
  }
  // The name of a new object is not known here: NodeRestriction looks at it.
  if (asked.verb !== 'create' && asked.name !== node) {
    return no('can only access node lease with the same name as the requesting node');
  }
  return allowed;
}

function csiNodeOf(node: string, asked: Attributes): AuthorizationResult {
  if (!ownObjectVerbs.includes(asked.verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (asked.subresource !== '') return no('cannot authorize CSINode subresources');
  if (asked.verb !== 'create' && asked.name !== node) {
    return no('can only access CSINode with the same name as the requesting node');
  }
  return allowed;
}

function sliceOf(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  if (asked.subresource !== '') return no('cannot authorize ResourceSlice subresources');
  switch (asked.verb) {
    case 'create':
      return allowed;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return relatedNamed(node, asked, related);
    case 'watch':
    case 'list':
    case 'deletecollection':
      if (['nodeName', 'spec.nodeName'].some((field) => selectsOnly(asked, field, node))) return allowed;
      return no('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
}

function nodeOf(node: string, asked: Attributes): AuthorizationResult {
  const { verb, subresource, name } = asked;
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allowed : silent;
  if (subresource !== '') return silent;
  if (['create', 'update', 'patch'].includes(verb)) return allowed;
  if (!['get', 'list', 'watch'].includes(verb)) return silent;
  if (name === node) return allowed;
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`);
  return no(`node '${node}' cannot read '${name}', only its own Node object`);
}

function podOf(node: string, asked: Attributes, related: () => boolean): AuthorizationResult {
  const { verb, subresource, name } = asked;
  if (subresource === 'status') return ['update', 'patch'].includes(verb) ? allowed : silent;
  if (subresource === 'eviction') return verb === 'create' ? allowed : silent;
  if (subresource !== '') return silent;
  if (verb === 'get') return getOf(node, asked, related);
  if (verb === 'create' || verb === 'delete') return allowed;
  if (verb !== 'list' && verb !== 'watch') return silent;
  if (selectsOnly(asked, 'spec.nodeName', node)) return allowed;
  if (name !== '') return relatedOnly(node, related);
  return no('can only list/watch pods with spec.nodeName field selector');
}

/** A list or watch of one object by its name is asked as that object's. */
function withSelectedName(asked: Attributes): Attributes {
  if (asked.name !== '') return asked;
  const named = requirements(asked).find(({ field, operator }) => field === 'metadata.name' && operator === '=');
  return named === undefined ? asked : { ...asked, name: named.value };
}

/** True when the field selector demands that `field` is `value`. */
function selectsOnly(asked: Attributes, field: string, value: string): boolean {
  return requirements(asked).some((term) => term.field === field && term.operator === '=' && term.value === value);
}

/** What cannot be read demands nothing, and so opens nothing. */
function requirements(asked: Attributes): FieldSelector {
  try {
    return parseFieldSelector(asked.fieldSelector ?? '');
  } catch (thrown) {
    if (thrown instanceof SelectorError) return [];
    throw thrown;
  }
}
