import type { LabelTest } from './label-requirements.ts';
import { interPodAffinity } from './plugins/inter-pod-affinity.ts';
import {
  imageLocality,
  nodeAffinity,
  nodeName,
  nodePorts,
  nodeUnschedulable,
  taintToleration,
} from './plugins/node-fitness.ts';
import { balancedAllocation, nodeResourcesFit } from './plugins/node-resources.ts';
import { podTopologySpread } from './plugins/pod-topology-spread.ts';
import type { Plugin } from './plugins/verdict.ts';
import type { PodFacts } from './pod-facts.ts';

/**
 * The default profile of kube-scheduler 1.`minor`, in the order in which its filters are asked. `siblings` selects the
 * pods among which a pod without constraints is spread.
 */
export function defaultPlugins(minor: number, siblings: (pod: PodFacts) => LabelTest | undefined): readonly Plugin[] {
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration(minor),
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    podTopologySpread(siblings),
    interPodAffinity,
    balancedAllocation,
    imageLocality,
  ];
}
