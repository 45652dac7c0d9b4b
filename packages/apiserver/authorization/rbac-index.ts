import type { ApiObject } from '@keelson/model';
import type { ObjectChange, ObjectReader } from '../admission/contract.ts';
import type { UserInfo } from '../authentication/contract.ts';
import { quoted } from '../authentication/quoted.ts';
import { serviceAccountUserName } from '../authentication/well-known-users.ts';
import { effectiveRules, rulesOf } from './cluster-role-aggregation.ts';
import type { PolicyRule } from './policy-rule.ts';

const group = 'rbac.authorization.k8s.io';

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface RoleRef {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
}

/** One subject of one binding. */
interface Grant {
  readonly binding: Readonly<ApiObject>;
  readonly subject: Subject;
}

/** Grants by the name of their user, or of their group. */
interface Grants {
  readonly users: Map<string, Grant[]>;
  readonly groups: Map<string, Grant[]>;
}

/** What a visitor is shown: rules and where they come from, or why a binding gives none. */
export type RuleVisitor = (rules: readonly PolicyRule[], error: string | undefined, source: () => string) => boolean;

/**
 * RBAC's four kinds, kept so that the rules of a user are found without going through all bindings. It follows the
 * server's own cache, so a decision is as current as a read.
 */
export class RbacIndex {
  readonly #roles = new Map<string, Readonly<ApiObject>>();
  readonly #clusterRoles = new Map<string, Readonly<ApiObject>>();
  readonly #effective = new Map<string, readonly PolicyRule[]>();
  /** By namespace; '' holds the ClusterRoleBindings. */
  readonly #grants = new Map<string, Grants>();
  readonly #stops: (() => void)[];

  constructor(reader: ObjectReader) {
    this.#stops = [
      reader.observe(group, 'roles', (change) => keep(this.#roles, change)),
      reader.observe(group, 'clusterroles', (change) => {
        keep(this.#clusterRoles, change);
        this.#effective.clear();
      }),
      reader.observe(group, 'rolebindings', (change) => this.#bind(change)),
      reader.observe(group, 'clusterrolebindings', (change) => this.#bind(change)),
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** Shows the rules that `user` has in `namespace` ('': cluster-wide alone), until `visit` returns false. */
  visitRules(user: UserInfo, namespace: string, visit: RuleVisitor): void {
    if (this.#visitGrants(user, '', visit) && namespace !== '') this.#visitGrants(user, namespace, visit);
  }

  /** The rules that a binding in `namespace` ('': a ClusterRoleBinding) gives by referring to `roleRef`, or why none. */
  rulesOfRole(roleRef: RoleRef, namespace: string): { rules: readonly PolicyRule[] } | { missing: string } {
    if (roleRef.kind === 'ClusterRole') {
      const rules = this.#effectiveRules(roleRef.name);
      return rules !== undefined ? { rules } : { missing: `clusterrole.${group} ${quoted(roleRef.name)} not found` };
    }
    if (roleRef.kind === 'Role') {
      const role = this.#roles.get(`${namespace}/${roleRef.name}`);
      if (role !== undefined) return { rules: rulesOf(role) };
      return { missing: `role.${group} ${quoted(roleRef.name)} not found` };
    }
    return { missing: `unsupported role reference kind: ${quoted(roleRef.kind)}` };
  }

  #effectiveRules(name: string): readonly PolicyRule[] | undefined {
    const known = this.#effective.get(name);
    if (known !== undefined) return known;
    const role = this.#clusterRoles.get(name);
    if (role === undefined) return undefined;
    const rules = role['aggregationRule'] ? effectiveRules(role, this.#clusterRoles) : rulesOf(role);
    this.#effective.set(name, rules);
    return rules;
  }

  #visitGrants(user: UserInfo, namespace: string, visit: RuleVisitor): boolean {
    const grants = this.#grants.get(namespace);
    if (grants === undefined) return true;
    if (!this.#visitList(grants.users.get(user.name), namespace, visit)) return false;
    for (const name of user.groups) {
      if (!this.#visitList(grants.groups.get(name), namespace, visit)) return false;
    }
    return true;
  }

  #visitList(list: readonly Grant[] | undefined, namespace: string, visit: RuleVisitor): boolean {
    if (list === undefined) return true;
    for (const grant of list) {
      const found = this.rulesOfRole(grant.binding['roleRef'], namespace);
      const [rules, error] = 'rules' in found ? [found.rules, undefined] : [[], found.missing];
      if (!visit(rules, error, () => describe(grant, namespace))) return false;
    }
    return true;
  }

  #bind(change: ObjectChange): void {
    const namespace = (change.current ?? change.previous)?.metadata?.namespace ?? '';
    let grants = this.#grants.get(namespace);
    if (grants === undefined) {
      grants = { users: new Map(), groups: new Map() };
      this.#grants.set(namespace, grants);
    }
    if (change.previous !== undefined) removeGrants(grants, namespace, change.previous);
    if (change.current !== undefined) addGrants(grants, namespace, change.current);
    if (grants.users.size === 0 && grants.groups.size === 0) this.#grants.delete(namespace);
  }
}

function keep(map: Map<string, Readonly<ApiObject>>, change: ObjectChange): void {
  const { name = '', namespace } = (change.current ?? change.previous)?.metadata ?? {};
  const key = namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
  if (change.current === undefined) map.delete(key);
  else map.set(key, change.current);
}

function slotOf(grants: Grants, namespace: string, subject: Subject): [Map<string, Grant[]>, string] | undefined {
  if (subject.kind === 'User') return [grants.users, subject.name];
  if (subject.kind === 'Group') return [grants.groups, subject.name];
  const home = subject.namespace !== undefined && subject.namespace !== '' ? subject.namespace : namespace;
  if (subject.kind !== 'ServiceAccount' || home === '') return undefined;
  return [grants.users, serviceAccountUserName(home, subject.name)];
}

function subjectsOf(binding: Readonly<ApiObject>): readonly Subject[] {
  return binding['subjects'] ?? [];
}

function addGrants(grants: Grants, namespace: string, binding: Readonly<ApiObject>): void {
  for (const subject of subjectsOf(binding)) {
    const slot = slotOf(grants, namespace, subject);
    if (slot === undefined) continue;
    const [map, name] = slot;
    const list = map.get(name);
    if (list === undefined) map.set(name, [{ binding, subject }]);
    else list.push({ binding, subject });
  }
}

function removeGrants(grants: Grants, namespace: string, binding: Readonly<ApiObject>): void {
  const gone = binding.metadata?.name;
  for (const subject of subjectsOf(binding)) {
    const slot = slotOf(grants, namespace, subject);
    if (slot === undefined) continue;
    const [map, name] = slot;
    const rest = (map.get(name) ?? []).filter((grant) => grant.binding.metadata?.name !== gone);
    if (rest.length === 0) map.delete(name);
    else map.set(name, rest);
  }
}

/** `ClusterRoleBinding "x" of ClusterRole "y" to Group "z"`, as the reason of a decision names where it comes from. */
function describe(grant: Grant, namespace: string): string {
  const { subject, binding } = grant;
  const name = binding.metadata?.name ?? '';
  const roleRef: RoleRef = binding['roleRef'];
  const source =
    namespace === '' ? `ClusterRoleBinding ${quoted(name)}` : `RoleBinding ${quoted(`${name}/${namespace}`)}`;
  const home = subject.namespace !== undefined && subject.namespace !== '' ? subject.namespace : namespace;
  const who = subject.kind === 'ServiceAccount' ? `${subject.name}/${home}` : subject.name;
  return `${source} of ${roleRef.kind} ${quoted(roleRef.name)} to ${subject.kind} ${quoted(who)}`;
}
