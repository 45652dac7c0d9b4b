import { AwsError } from '@keelson/aws-protocol';
import type { World } from '@keelson/base';
import { type Client, isConflict, isNotFound, type ResourceRef } from '@keelson/client';
import type { ApiObject } from '@keelson/model';
import type { AwsService } from '../../service.ts';
import type { Zone } from '../zones.ts';

/** What every operation works with. */
export interface Environment {
  /** The region's API. */
  readonly client: Client;
  readonly world: World;
  readonly region: string;
  readonly account: string;
  readonly zones: readonly Zone[];
}

export type Operations = AwsService['operations'];
export type Input = Record<string, any>;

const maximumTries = 8;

/** Which id a kind of resource has, and what EC2 says when there is none such. */
export interface IdKind {
  readonly ref: ResourceRef;
  readonly prefix: string;
  /** `InvalidVpcID` */
  readonly code: string;
  /** `vpc ID` */
  readonly words: string;
}

/** @throws AwsError `….Malformed`, `….NotFound` */
export async function getById<T extends ApiObject>(
  environment: Environment,
  kind: IdKind & { ref: ResourceRef<T> },
  id: string,
): Promise<T> {
  if (!new RegExp(`^${kind.prefix}-[0-9a-f]{8,17}$`).test(id)) {
    throw new AwsError(`${kind.code}.Malformed`, `Invalid id: "${id}" (expecting "${kind.prefix}-...")`);
  }
  try {
    return await environment.client.resource(kind.ref).get(id);
  } catch (error) {
    throw isNotFound(error) ? new AwsError(`${kind.code}.NotFound`, `The ${kind.words} '${id}' does not exist`) : error;
  }
}

/** Those with the ids asked for, each of which must exist; all when none is asked for. Ordered by age. */
export async function selectByIds<T extends ApiObject>(
  environment: Environment,
  kind: IdKind & { ref: ResourceRef<T> },
  ids: readonly string[] | undefined,
): Promise<T[]> {
  if (ids?.length) return Promise.all(ids.map((id) => getById(environment, kind, id)));
  const { items } = await environment.client.resource(kind.ref).list();
  const created = (object: T) => object.metadata?.creationTimestamp ?? '';
  return items.sort((one, other) => created(one).localeCompare(created(other)));
}

/** Does `attempt` again when somebody else wrote between its reading and its writing. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error) || tries === maximumTries) throw error;
    }
  }
}

/** Refuses when the call only asks whether it would be allowed. @throws AwsError DryRunOperation */
export function stopIfDryRun(input: Input): void {
  if (input['DryRun'])
    throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', {}, 412);
}
