import type { World } from '@keelson/base';
import type { Authorizer } from '../authorization/contract.ts';
import type { RbacAuthorizer } from '../authorization/rbac-authorizer.ts';
import type { RbacIndex } from '../authorization/rbac-index.ts';
import type { AdmissionPlugin, ObjectReader } from './contract.ts';
import { DefaultTolerationSeconds } from './default-toleration-seconds.ts';
import { NamespaceLifecycle } from './namespace-lifecycle.ts';
import { NodeRestriction } from './node-restriction.ts';
import { Priority } from './priority.ts';
import { RbacEscalationCheck } from './rbac-escalation-check.ts';
import { ServiceAccount } from './service-account.ts';
import { TaintNodesByCondition } from './taint-nodes-by-condition.ts';

export interface DefaultPluginOptions {
  readonly world: World;
  readonly reader: ObjectReader;
  /** The server's whole chain. */
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly index: RbacIndex;
}

/** The plug-ins of a cluster's API server, in the order of kube-apiserver. */
export function defaultPlugins(options: DefaultPluginOptions): AdmissionPlugin[] {
  const { world, reader, authorizer, rbac, index } = options;
  return [
    new NamespaceLifecycle(reader),
    new ServiceAccount(reader, world),
    new NodeRestriction(reader, authorizer),
    new TaintNodesByCondition(),
    new Priority(reader),
    new DefaultTolerationSeconds(),
    new RbacEscalationCheck(authorizer, rbac, index),
  ];
}
