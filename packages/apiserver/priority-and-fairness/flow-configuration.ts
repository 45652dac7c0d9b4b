import type { FlowSchema, PriorityLevelConfiguration } from '@keelson/model/generated/types/flowcontrol-v1.ts';
import {
  mandatoryFlowSchemas,
  mandatoryPriorityLevels,
} from '@keelson/model/kinds/flowcontrol/bootstrap-configuration.ts';

/** What one priority level may use, in seats, as its object says. */
export interface LevelSettings {
  readonly name: string;
  readonly uid: string;
  readonly exempt: boolean;
  /** 0: requests that cannot run at once are refused. */
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
  readonly nominal: number;
  /** What it keeps when others borrow. */
  readonly lower: number;
  /** What it may have by borrowing. */
  readonly upper: number;
}

/** The configuration as requests are judged by it. */
export interface FlowConfiguration {
  /** Those that lead to a level, the first match decides. */
  readonly schemas: readonly FlowSchema[];
  readonly levels: ReadonlyMap<string, LevelSettings>;
}

/**
 * Reads a configuration from its objects. The mandatory ones are there even when nobody stored them; schemas of a level
 * that does not exist are passed over.
 * @param seats what the server has for all levels together
 */
export function flowConfiguration(
  schemas: readonly FlowSchema[],
  levels: readonly PriorityLevelConfiguration[],
  seats: number,
): FlowConfiguration {
  const allLevels = withMandatory(levels, mandatoryPriorityLevels);
  const shareSum = allLevels.reduce((sum, level) => sum + sharesOf(level), 0);
  const settings = new Map(allLevels.map((level) => [level.metadata!.name!, settingsOf(level, seats, shareSum)]));
  return {
    schemas: withMandatory(schemas, mandatoryFlowSchemas)
      .filter((schema) => settings.has(levelOf(schema)))
      .sort((one, other) => precedence(one) - precedence(other) || (nameOf(one) < nameOf(other) ? -1 : 1)),
    levels: settings,
  };
}

/** The name of the level that requests of `schema` are handled at. */
export function levelOf(schema: FlowSchema): string {
  return schema.spec?.priorityLevelConfiguration?.name ?? '';
}

function nameOf(object: FlowSchema | PriorityLevelConfiguration): string {
  return object.metadata?.name ?? '';
}

function precedence(schema: FlowSchema): number {
  return schema.spec?.matchingPrecedence ?? 0;
}

function withMandatory<T extends FlowSchema | PriorityLevelConfiguration>(
  objects: readonly T[],
  mandatory: readonly object[],
): T[] {
  const names = new Set(objects.map(nameOf));
  return [...objects, ...(mandatory as readonly T[]).filter((one) => !names.has(nameOf(one)))];
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return (spec?.limited ?? spec?.exempt)?.nominalConcurrencyShares ?? 0;
}

function settingsOf(level: PriorityLevelConfiguration, seats: number, shareSum: number): LevelSettings {
  const { limited, exempt } = level.spec!;
  const queuing = limited?.limitResponse?.queuing;
  const nominal = shareSum === 0 ? 0 : Math.ceil((seats * sharesOf(level)) / shareSum);
  const lendable = Math.round((nominal * ((limited ?? exempt)?.lendablePercent ?? 0)) / 100);
  const percent = limited?.borrowingLimitPercent;
  const borrowing = percent === undefined ? seats : Math.round((nominal * percent) / 100);
  return {
    name: nameOf(level),
    uid: level.metadata?.uid ?? '',
    exempt: limited === undefined,
    queues: queuing?.queues ?? 0,
    handSize: queuing?.handSize ?? 0,
    queueLengthLimit: queuing?.queueLengthLimit ?? 0,
    nominal,
    lower: nominal - lendable,
    upper: nominal + borrowing,
  };
}
