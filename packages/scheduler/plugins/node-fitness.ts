import type { Taint, Toleration } from '@keelson/model/generated/types/core-v1.ts';
import type { PodFacts } from '../pod-facts.ts';
import { type Plugin, type Refusal, refusal, scaleToFull } from './verdict.ts';

/** core/v1 Toleration: no key tolerates every key, no effect every effect, no operator means Equal. */
export function tolerates(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  const operator = toleration.operator || 'Equal';
  if (operator === 'Exists') return true;
  return operator === 'Equal' && (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '');
}

const cordon: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const cordoned = refusal('node(s) were unschedulable', true);

export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter(pod, { table }) {
    if (pod.tolerations.some((toleration) => tolerates(toleration, cordon))) return undefined;
    return (slot) => (table.unschedulable[slot] === 1 ? cordoned : undefined);
  },
};

const otherName = refusal("node(s) didn't match the requested node name", true);

export const nodeName: Plugin = {
  name: 'NodeName',
  filter(pod, { table }) {
    if (pod.nodeName === '') return undefined;
    return (slot) => (table.names[slot] === pod.nodeName ? undefined : otherName);
  },
};

const otherNode = refusal("node(s) didn't match Pod's node affinity/selector", true);

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter(pod, { table }) {
    if (pod.nodeTests.length === 0) return undefined;
    return (slot) => {
      const node = { name: table.names[slot]!, labels: table.labels[slot]! };
      return pod.nodeTests.every((test) => test(node)) ? undefined : otherNode;
    };
  },
  score(pod, { table }) {
    if (pod.preferredNodes.length === 0) return undefined;
    return (slot) => {
      const node = { name: table.names[slot]!, labels: table.labels[slot]! };
      return pod.preferredNodes.reduce((sum, { weight, test }) => (test(node) ? sum + weight : sum), 0);
    };
  },
  normalise: (scores) => scaleToFull(scores, false),
};

/** The first of `taints` that keeps the pod from being placed. */
export function untoleratedTaint(taints: readonly Taint[], pod: PodFacts): Taint | undefined {
  return taints.find(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') &&
      !pod.tolerations.some((toleration) => tolerates(toleration, taint)),
  );
}

/** `minor`: up to 1.34 the refusal names the taint, from 1.35 on it does not. */
export function taintToleration(minor: number): Plugin {
  const refuse = (taint: Taint): Refusal =>
    minor >= 35
      ? refusal('node(s) had untolerated taint(s)', true)
      : refusal(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`, true);
  return {
    name: 'TaintToleration',
    weight: 3,
    filter(pod, { table }) {
      const verdicts = table.taintGroups.map((taints) => {
        const taint = untoleratedTaint(taints, pod);
        return taint === undefined ? undefined : refuse(taint);
      });
      return (slot) => verdicts[table.taintGroup[slot]!];
    },
    score(pod, { table }) {
      const relevant = pod.tolerations.filter(({ effect }) => !effect || effect === 'PreferNoSchedule');
      const counts = table.taintGroups.map(
        (taints) =>
          taints.filter(
            (taint) => taint.effect === 'PreferNoSchedule' && !relevant.some((one) => tolerates(one, taint)),
          ).length,
      );
      if (counts.every((count) => count === 0)) return undefined;
      return (slot) => counts[table.taintGroup[slot]!]!;
    },
    normalise: (scores) => scaleToFull(scores, true),
  };
}

const portsTaken = refusal("node(s) didn't have free ports for the requested pod ports", false);

export const nodePorts: Plugin = {
  name: 'NodePorts',
  filter(pod, snapshot) {
    if (pod.hostPorts.length === 0) return undefined;
    return (slot) => (pod.hostPorts.some((port) => snapshot.portTaken(slot, port)) ? portsTaken : undefined);
  },
};

const megabyte = 1024 * 1024;
const smallestImage = 23 * megabyte;
const largestImage = 1000 * megabyte;

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  weight: 1,
  score(pod, { table }, slots) {
    if (!slots.some((slot) => table.images[slot] !== undefined)) return undefined;
    const images = pod.images.map(taggedImage);
    const spread = images.map(
      (image) => slots.filter((slot) => table.images[slot]?.has(image)).length / Math.max(table.nodeCount, 1),
    );
    const ceiling = largestImage * pod.images.length;
    return (slot) => {
      const sizes = table.images[slot];
      if (sizes === undefined) return 0;
      const sum = images.reduce((total, image, at) => total + Math.floor((sizes.get(image) ?? 0) * spread[at]!), 0);
      const bounded = Math.min(Math.max(sum, smallestImage), ceiling);
      return Math.floor((100 * (bounded - smallestImage)) / (ceiling - smallestImage));
    };
  },
};

/** An image name with the tag that is meant when it has none. */
function taggedImage(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
