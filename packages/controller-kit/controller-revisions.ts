import {
  type Client,
  isAlreadyExists,
  isNotFound,
  kubernetesResources,
  type ResourceRef,
  type SharedCache,
} from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { ControllerRevision } from '@keelson/model/generated/types/apps-v1.ts';
import type { PodTemplateSpec } from '@keelson/model/generated/types/core-v1.ts';
import type { LabelSelector } from '@keelson/model/selectors/label-selector.ts';
import { claim } from './claim.ts';
import { controllerOf, controllerReference, controllerUidOrOrphan, isControlledBy } from './owner-references.ts';
import { canonicalJson, templateHash } from './template-hash.ts';

const { controllerRevisions } = kubernetesResources;

/** Whose history it is, and what its next entry would be. */
export interface RevisionSource {
  readonly owner: ApiObject;
  readonly ref: ResourceRef<any>;
  readonly template: PodTemplateSpec;
  /** The label of a revision that holds the hash of its template. */
  readonly hashLabel: string;
  /** Another number gives the same template another name. */
  readonly collisionCount: number | undefined;
}

/** What a revision holds: the patch that brings its owner back to the template (what `kubectl rollout undo` applies). */
export function revisionData(template: PodTemplateSpec): unknown {
  return { spec: { template: { ...template, $patch: 'replace' } } };
}

/** The template that a revision holds. */
export function revisionTemplate({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as any).spec.template;
  return template;
}

/**
 * The owner's revisions, with those that one of the same name left behind: so that pods which were left too are known to
 * be of the present template. `cache` has the index `controller` by `controllerUidOrOrphan`.
 */
export function claimRevisions<O extends ApiObject>(
  client: Client,
  owner: O,
  ownerRef: ResourceRef<O>,
  selector: LabelSelector,
  cache: SharedCache<ControllerRevision>,
): Promise<ControllerRevision[]> {
  const matches = ({ metadata }: ControllerRevision) => selector.matches(metadata?.labels);
  const index = cache.index('controller', controllerUidOrOrphan);
  const orphans = index.get(`orphan/${owner.metadata?.namespace}`).filter(matches);
  const options = { client, owner, ownerRef, ref: controllerRevisions, matches };
  return claim(options, [...index.get(owner.metadata!.uid!), ...orphans]);
}

/**
 * The revision of the present template, made if there is none, with the highest number among `owned`. Undefined when its
 * name is another's: then it needs another collision count.
 */
export async function syncRevision(
  client: Client,
  source: RevisionSource,
  owned: readonly ControllerRevision[],
): Promise<ControllerRevision | undefined> {
  const data = revisionData(source.template);
  const wanted = canonicalJson(data);
  const present = owned
    .filter((revision) => canonicalJson(revision.data) === wanted)
    .toSorted(byNumber)
    .at(-1);
  const highest = Math.max(0, ...owned.filter((revision) => revision !== present).map(({ revision }) => revision));
  if (present === undefined) return create(client, source, data, highest + 1);
  if (present.revision > highest) return present;
  return client.resource(controllerRevisions).update({ ...present, revision: highest + 1 });
}

async function create(
  client: Client,
  { owner, ref, template, hashLabel, collisionCount }: RevisionSource,
  data: unknown,
  revision: number,
): Promise<ControllerRevision | undefined> {
  const revisions = client.resource(controllerRevisions);
  const { name, namespace, annotations } = owner.metadata!;
  const hash = templateHash(template, collisionCount);
  const metadata = {
    name: `${name}-${hash}`,
    namespace,
    labels: { ...template.metadata?.labels, [hashLabel]: hash },
    ...(annotations && { annotations: { ...annotations } }),
    ownerReferences: [controllerReference(owner, ref)],
  };
  try {
    return await revisions.create({ metadata, data, revision });
  } catch (thrown) {
    if (!isAlreadyExists(thrown)) throw thrown;
  }
  // Ours, or left behind and to be adopted, and the cache has not shown it yet; or another's: a new name is needed.
  const taken = await revisions.get(metadata.name, namespace);
  const free = isControlledBy(taken, owner) || controllerOf(taken) === undefined;
  return free && canonicalJson(taken.data) === canonicalJson(data) ? taken : undefined;
}

/** Deletes the oldest of the revisions that are not live, beyond `limit`; a limit below 0 keeps all. */
export async function trimRevisions(
  client: Client,
  owned: readonly ControllerRevision[],
  isLive: (revision: ControllerRevision) => boolean,
  limit: number,
): Promise<void> {
  if (limit < 0) return;
  const old = owned.filter((revision) => !isLive(revision)).toSorted(byNumber);
  for (const { metadata } of old.slice(0, Math.max(old.length - limit, 0)))
    await client
      .resource(controllerRevisions)
      .delete(metadata!.name!, metadata!.namespace, { preconditions: { uid: metadata!.uid! } })
      .catch((thrown) => {
        if (!isNotFound(thrown)) throw thrown;
      });
}

function byNumber(left: ControllerRevision, right: ControllerRevision): number {
  return left.revision - right.revision;
}
