import { copyOf } from '../../../codec/own-property.ts';
import { coerceEmbedded, EmbeddedError, embeddedErrors } from '../../../custom-resources/embedded-objects.ts';
import { ExpressionValidator } from '../../../custom-resources/expression-validator.ts';
import { metaFields, Pruning } from '../../../custom-resources/prune.ts';
import { fieldErrorsOf } from '../../../custom-resources/schema-problem.ts';
import { hasDefault, type StructuralSchema } from '../../../custom-resources/structural-schema.ts';
import { validateValue } from '../../../custom-resources/value-validator.ts';
import { child, type FieldError, invalid, key } from '../../../field-error.ts';

/** The object that a value inside metadata is part of, and how to get there. */
interface Surrounding {
  readonly root: StructuralSchema;
  readonly steps: readonly (string | 0)[];
  readonly inMeta: boolean;
  /** The rules of the schema that is looked at, compiled once for all of them. */
  readonly rules: ExpressionValidator | undefined;
}

/** Everything wrong with the defaults in a schema: they have to be what the schema itself allows. */
export function defaultErrors(root: StructuralSchema, path: string): FieldError[] {
  if (!root.defaulted) return [];
  return errorsIn(root, path, { root, steps: [], inMeta: false, rules: ExpressionValidator.of(root) });
}

function errorsIn(schema: StructuralSchema, path: string, around: Surrounding): FieldError[] {
  if (!schema.defaulted) return [];
  const here = schema.embedded ? { ...around, root: schema, steps: [], inMeta: false } : around;
  const errors = hasDefault(schema.props) ? errorsOf(schema, child(path, 'default'), here) : [];
  // Below additionalProperties there are no defaults.
  if (schema.items !== undefined)
    errors.push(
      ...errorsIn(schema.items, child(path, 'items'), { ...here, steps: [...here.steps, 0], rules: here.rules?.items }),
    );
  for (const [name, property] of schema.properties) {
    const inMeta = here.inMeta || (schema.embedded && metaFields.has(name));
    const next = { ...here, steps: [...here.steps, name], inMeta, rules: here.rules?.property(name) };
    errors.push(...errorsIn(property, key(child(path, 'properties'), name), next));
  }
  return errors;
}

function errorsOf(schema: StructuralSchema, path: string, around: Surrounding): FieldError[] {
  const value = schema.props.default;
  const errors: FieldError[] = [];
  if (around.inMeta) errors.push(...metadataErrors(value, path, around));
  else {
    const pruning = new Pruning();
    pruning.prune(copyOf(value), schema);
    if (pruning.unknown.length > 0) errors.push(invalid(path, value, 'must not have unknown fields'));
    errors.push(...embeddedIn(value, schema, path));
  }
  if (errors.length === 0) errors.push(...fieldErrorsOf(validateValue(schema.props, value), path));
  return errors.length > 0 ? errors : ruleErrors(around.rules, value, path);
}

/** A default has to be good for an object that is new, and for one that had it already. */
function ruleErrors(validator: ExpressionValidator | undefined, value: unknown, path: string): FieldError[] {
  if (validator === undefined) return [];
  const errors = validator.validate(value, value, path);
  return errors.length > 0 ? errors : validator.validate(value, undefined, path);
}

function embeddedIn(value: unknown, schema: StructuralSchema, path: string): FieldError[] {
  try {
    coerceEmbedded(copyOf(value), schema);
  } catch (error) {
    if (error instanceof EmbeddedError) return [{ ...error.field, field: `${path}.${error.field.field}` }];
    throw error;
  }
  return embeddedErrors(value, schema, path);
}

function metadataErrors(value: unknown, path: string, { root, steps }: Surrounding): FieldError[] {
  let object: unknown = copyOf(value);
  for (const step of [...steps].reverse()) object = step === 0 ? [object] : { [step]: object };
  const whole = { apiVersion: 'validation/v1', kind: 'Validation', ...(object as object) };
  const problems = embeddedIn(whole, root, '').map(({ field, message }) => `${field.replace(/^\./, '')}: ${message}`);
  if (problems.length === 0) return [];
  const text = problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`;
  return [invalid(path, value, `must result in valid metadata: ${text}`)];
}
