import { isAlreadyExists, isNotFound, kubernetesResources } from '@keelson/client';
import {
  type ControllerContext,
  canonicalJson,
  controllerReference,
  isControlledBy,
  templateHash,
} from '@keelson/controller-kit';
import type { ControllerRevision, DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import type { Pod, PodTemplateSpec } from '@keelson/model/generated/types/core-v1.ts';
import { hashLabel } from './plan.ts';

const { controllerRevisions, daemonSets } = kubernetesResources;

/** What a revision holds: the patch that brings a DaemonSet back to the template (what `kubectl rollout undo` applies). */
export function revisionData(template: PodTemplateSpec): unknown {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The revision of the present template, made if there is none, with the highest number among its kin. */
export async function syncRevision(
  context: ControllerContext,
  daemonSet: DaemonSet,
  owned: readonly ControllerRevision[],
): Promise<ControllerRevision> {
  const client = context.client.resource(controllerRevisions);
  const data = revisionData(daemonSet.spec!.template);
  const wanted = canonicalJson(data);
  const same = owned.filter((revision) => canonicalJson(revision.data) === wanted).toSorted(byNumber);
  const present = same.at(-1);
  const highest = Math.max(0, ...owned.filter((revision) => revision !== present).map(({ revision }) => revision));
  if (present !== undefined) {
    if (present.revision > highest) return present;
    return client.update({ ...present, revision: highest + 1 });
  }
  return create(context, daemonSet, data, highest + 1);
}

async function create(
  context: ControllerContext,
  daemonSet: DaemonSet,
  data: unknown,
  revision: number,
): Promise<ControllerRevision> {
  const client = context.client.resource(controllerRevisions);
  const { name, namespace, annotations } = daemonSet.metadata!;
  const hash = templateHash(daemonSet.spec!.template, daemonSet.status?.collisionCount);
  const metadata = {
    name: `${name}-${hash}`,
    namespace,
    labels: { ...daemonSet.spec!.template.metadata?.labels, [hashLabel]: hash },
    ...(annotations && { annotations: { ...annotations } }),
    ownerReferences: [controllerReference(daemonSet, daemonSets)],
  };
  try {
    return await client.create({ metadata, data, revision });
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown;
  }
  // Ours, and the cache has not shown it yet; or another's, and then a new name is needed.
  const taken = await client.get(metadata.name, namespace);
  if (isControlledBy(taken, daemonSet) && canonicalJson(taken.data) === canonicalJson(data)) return taken;
  const collisionCount = (daemonSet.status?.collisionCount ?? 0) + 1;
  const status = { ...daemonSet.status!, collisionCount };
  await context.client.resource(daemonSets).updateStatus({ ...daemonSet, status });
  throw new Error(`controller revision name "${metadata.name}" is taken; collisionCount is now ${collisionCount}`);
}

/** Deletes the oldest revisions beyond the limit that no pod is of. */
export async function trimHistory(
  context: ControllerContext,
  daemonSet: DaemonSet,
  owned: readonly ControllerRevision[],
  current: ControllerRevision,
  pods: readonly Pod[],
): Promise<void> {
  const live = new Set(pods.map((pod) => pod.metadata?.labels?.[hashLabel]));
  const old = owned
    .filter(({ metadata }) => metadata?.uid !== current.metadata?.uid && !live.has(metadata?.labels?.[hashLabel]))
    .toSorted(byNumber);
  const surplus = Math.max(old.length - (daemonSet.spec?.revisionHistoryLimit ?? 10), 0);
  for (const { metadata } of old.slice(0, surplus))
    await context.client
      .resource(controllerRevisions)
      .delete(metadata!.name!, metadata!.namespace, { preconditions: { uid: metadata!.uid! } })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
}

function byNumber(left: ControllerRevision, right: ControllerRevision): number {
  return left.revision - right.revision;
}
