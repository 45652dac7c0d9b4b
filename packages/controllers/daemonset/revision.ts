import { kubernetesResources } from '@keelson/client';
import { type ControllerContext, syncRevision } from '@keelson/controller-kit';
import type { ControllerRevision, DaemonSet } from '@keelson/model/generated/types/apps-v1.ts';
import { hashLabel } from './plan.ts';

const { daemonSets } = kubernetesResources;

/** The revision of the present template. @throws when its name is taken, after the next one was chosen */
export async function presentRevision(
  { client }: ControllerContext,
  daemonSet: DaemonSet,
  owned: readonly ControllerRevision[],
): Promise<ControllerRevision> {
  const template = daemonSet.spec!.template;
  const taken = daemonSet.status?.collisionCount;
  const source = { owner: daemonSet, ref: daemonSets, template, hashLabel, collisionCount: taken };
  const revision = await syncRevision(client, source, owned);
  if (revision !== undefined) return revision;
  const collisionCount = (taken ?? 0) + 1;
  await client.resource(daemonSets).updateStatus({ ...daemonSet, status: { ...daemonSet.status!, collisionCount } });
  throw new Error(`the name of a controller revision is taken; collisionCount is now ${collisionCount}`);
}
