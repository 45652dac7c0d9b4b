import { isProperties, type Properties } from '../codec/own-property.ts';
import type { ApiObject } from '../object.ts';
import { PatchError } from '../patch/patch-error.ts';
import { type Application, type Applied, applyConfiguration } from './apply-configuration.ts';
import { ApplyConflict } from './apply-conflict.ts';
import type { ApplyTarget } from './apply-target.ts';
import { compareValues } from './compare-values.ts';
import { differenceOf, type FieldSet, hasPath } from './field-set.ts';
import { fieldsOfValue } from './fields-of-value.ts';
import { ListElementError } from './list-element.ts';
import { valueErrors } from './validate-value.ts';

/** Where `kubectl apply` of the client's side keeps what it applied. */
const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';
/** Only this manager is moved over from the client's side: whoever wants none of it takes another name. */
const kubectl = 'kubectl';
/** All annotations of an object together, in bytes (k8s.io/apimachinery TotalAnnotationSizeLimitB). */
const annotationsLimit = 256 * 1024;

/**
 * Applies as `applyConfiguration`, and takes over what kubectl applied on the client's side: what its annotation says and
 * the object still has is no conflict, and the annotation is kept up to date so that clients may go back.
 * @throws PatchError, ApplyConflict
 */
export async function applyWithLastApplied(application: Application): Promise<Applied> {
  if (application.manager !== kubectl) return applyConfiguration(application);
  const applied = await applyTakingOver(application);
  const { metadata } = applied.object;
  if (!metadata?.annotations?.[lastAppliedAnnotation]) return applied;
  const annotations: Record<string, string> = {
    ...metadata.annotations,
    [lastAppliedAnnotation]: configurationText(application.config),
  };
  const size = Object.entries(annotations).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(String(value)),
    0,
  );
  if (size > annotationsLimit) delete annotations[lastAppliedAnnotation];
  return { ...applied, object: { ...applied.object, metadata: { ...metadata, annotations } } };
}

async function applyTakingOver(application: Application): Promise<Applied> {
  try {
    return await applyConfiguration(application);
  } catch (error) {
    if (!(error instanceof ApplyConflict)) throw error;
    const allowed = lastAppliedFields(application.target, application.live);
    if (allowed === undefined) throw error;
    const left = error.conflicts.filter(({ path }) => !hasPath(allowed, path));
    if (left.length > 0) throw new ApplyConflict(left);
    return applyConfiguration({ ...application, force: true });
  }
}

/** What the annotation says and the object has, with the same values; undefined when that cannot be told. */
function lastAppliedFields(target: ApplyTarget, live: Readonly<ApiObject> | undefined): FieldSet | undefined {
  const text = live?.metadata?.annotations?.[lastAppliedAnnotation];
  const type = target.schema.typeOf(target.apiVersion);
  const last = text ? parsed(text) : undefined;
  if (last === undefined || type === undefined || last['apiVersion'] !== target.apiVersion) return undefined;
  try {
    if (valueErrors(type, live) !== undefined || valueErrors(type, last) !== undefined) return undefined;
    const { modified, added, removed } = compareValues(type, last, live);
    return differenceOf(differenceOf(differenceOf(fieldsOfValue(type, last), modified), added), removed);
  } catch (error) {
    if (error instanceof ListElementError || error instanceof PatchError) return undefined;
    throw error;
  }
}

function parsed(text: string): Properties | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isProperties(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The configuration as kubectl writes it down: JSON with names in order, without the annotation itself, and a line end. */
function configurationText(config: Readonly<ApiObject>): string {
  const { [lastAppliedAnnotation]: _, ...annotations } = config.metadata?.annotations ?? {};
  const metadata: Properties = { ...config.metadata };
  if (Object.keys(annotations).length > 0) metadata['annotations'] = annotations;
  else delete metadata['annotations'];
  return `${JSON.stringify(ordered({ ...config, metadata }))}\n`;
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, ordered(value[name])]),
  );
}
