import type { World } from '@keelson/base';
import type { Resource } from '@keelson/model';
import type { FieldManagement } from '../apply/field-management.ts';
import type { WatchCache } from '../storage/watch-cache.ts';
import type { AdmissionChain } from './admission-chain.ts';
import type { HookTable } from './resource-hooks.ts';

/** What planning a write needs of the server. */
export interface PlannerTools {
  readonly world: World;
  readonly admission: AdmissionChain;
  readonly hooks: HookTable;
  /** Keeps who manages which fields; undefined where nobody wants to know. */
  readonly management: FieldManagement | undefined;
  cacheOf(resource: Resource): WatchCache;
  /** Whether the store has these bytes under a key, or others that mean the same. */
  isStored(key: string, bytes: Uint8Array): Promise<boolean>;
}
