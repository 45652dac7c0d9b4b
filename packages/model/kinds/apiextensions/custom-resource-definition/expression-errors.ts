import { type CelType, escapeFieldName, typeOfSchema } from '../../../cel/index.ts';
import { type CompiledRule, compileRules, type IsStored } from '../../../custom-resources/expression-rules.ts';
import { schemasIn } from '../../../custom-resources/structural-schema.ts';
import { child, type FieldError, forbidden, index, invalid, key } from '../../../field-error.ts';
import type { CustomResourceDefinitionSpec, JSONSchemaProps } from '../../../generated/types/apiextensions-v1.ts';

/** Most that one expression may be estimated to cost, and all of a schema together. */
const expressionLimit = 10_000_000;
const schemaLimit = 100_000_000;
/** The largest request that the cost model thinks of. */
const maxRequestBytes = 3 * 1024 * 1024;
const largest = 2 ** 64;

/** Where in a schema rules stand. */
interface Place {
  readonly path: string;
  /** How often a value of this schema can be there; undefined when nothing bounds it. */
  readonly cardinality: number | undefined;
  /** The type of its values, as far as a schema above has rules. */
  readonly type: CelType | undefined;
  /** The first schema above whose values cannot be told to be the same as before. */
  readonly uncorrelatable: string | undefined;
}

export interface ExpressionOptions {
  readonly isStored: IsStored;
  /** The schema is as it was: what its expressions cost was accepted before. */
  readonly unchanged: boolean;
}

/** Tells which expressions a definition has already. */
export function storedExpressions(spec: CustomResourceDefinitionSpec | undefined): IsStored {
  const texts = new Set<string>();
  for (const { schema } of spec?.versions ?? [])
    for (const props of schemasIn(schema?.openAPIV3Schema))
      for (const { rule, messageExpression } of props['x-kubernetes-validations'] ?? []) {
        texts.add(rule);
        if (messageExpression) texts.add(messageExpression);
      }
  return (text) => texts.has(text);
}

/** Everything wrong with the expressions in a structural schema: what does not compile, and what may cost too much. */
export function expressionErrors(schema: JSONSchemaProps, path: string, options: ExpressionOptions): FieldError[] {
  if (!schemasIn(schema).some((props) => props['x-kubernetes-validations']?.length)) return [];
  const check = new ExpressionCheck(options);
  check.visit(schema, { path, cardinality: 1, type: undefined, uncorrelatable: undefined }, true);
  return [...check.errors, ...check.totalErrors(path)];
}

class ExpressionCheck {
  readonly errors: FieldError[] = [];
  readonly #options: ExpressionOptions;
  #total = 0;
  #expensive: { path: string; cost: number }[] = [];

  constructor(options: ExpressionOptions) {
    this.#options = options;
  }

  visit(schema: JSONSchemaProps, place: Place, isResource: boolean): void {
    const { items, properties = {}, additionalProperties } = schema;
    const rules = schema['x-kubernetes-validations'] ?? [];
    const type = place.type ?? (rules.length > 0 ? typeOfSchema(schema, isResource) : undefined);
    const cardinality = inner(place.cardinality, schema);
    if (typeof additionalProperties === 'object') {
      const next = { ...place, path: child(place.path, 'additionalProperties'), cardinality };
      this.#below(additionalProperties, { ...next, type: type?.parameters.at(-1) });
    }
    const mapType = schema['x-kubernetes-map-type'] ?? 'granular';
    const known = mapType === 'granular' || mapType === 'atomic';
    for (const [name, property] of Object.entries(properties)) {
      const escaped = escapeFieldName(name);
      const own = escaped === undefined ? undefined : type?.field?.(escaped);
      const uncorrelatable = place.uncorrelatable ?? (known ? undefined : place.path);
      const at = key(child(place.path, 'properties'), name);
      this.#below(property, { path: at, cardinality, type: own, uncorrelatable });
    }
    if (items !== undefined && !Array.isArray(items)) {
      const told = schema['x-kubernetes-list-type'] === 'map';
      const uncorrelatable = place.uncorrelatable ?? (told ? undefined : place.path);
      const next = { path: child(place.path, 'items'), cardinality, uncorrelatable };
      this.#below(items, { ...next, type: type?.parameters.at(-1) });
    }
    if (rules.length > 0) this.#rules(schema, type, place);
  }

  #below(schema: JSONSchemaProps, place: Place): void {
    this.visit(schema, place, schema['x-kubernetes-embedded-resource'] === true);
  }

  #rules(schema: JSONSchemaProps, type: CelType | undefined, place: Place): void {
    const path = child(place.path, 'x-kubernetes-validations');
    if (type === undefined) {
      const text =
        'Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
      this.errors.push({ type: 'InternalError', field: path, message: text });
      return;
    }
    const times = place.cardinality ?? Math.floor(maxRequestBytes / ((type.minSerializedSize ?? 0) + 1));
    compileRules(schema, type, this.#options.isStored).forEach((compiled, position) => {
      this.#rule(compiled, index(path, position), times, place.uncorrelatable);
    });
  }

  #rule(compiled: CompiledRule, path: string, times: number, uncorrelatable: string | undefined): void {
    const { rule, program, problem, message, messageProblem, transition } = compiled;
    const cost = program === undefined ? 0 : product(program.estimateCost().max, times);
    this.#observe(child(path, 'rule'), cost, 'estimated rule cost');
    if (problem !== undefined) this.errors.push(invalid(child(path, 'rule'), rule, problem));
    const place = child(path, 'messageExpression');
    if (messageProblem !== undefined) this.errors.push(invalid(place, rule, messageProblem));
    if (message !== undefined) this.#observe(place, message.estimateCost().max, 'estimated messageExpression cost');
    if (transition && uncorrelatable !== undefined) {
      const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
      this.errors.push(invalid(child(path, 'rule'), rule.rule, text));
    } else if (!transition && rule.optionalOldSelf !== undefined) {
      const text = 'may not be set if oldSelf is not used in rule';
      this.errors.push(invalid(child(path, 'optionalOldSelf'), rule.optionalOldSelf, text));
    }
  }

  #observe(path: string, cost: number, name: string): void {
    if (!this.#options.unchanged && cost > expressionLimit)
      this.errors.push(forbidden(path, costText(name, cost, expressionLimit)));
    this.#total = Math.min(this.#total + cost, largest);
    if (cost < schemaLimit / 100) return;
    this.#expensive.push({ path, cost });
    this.#expensive = this.#expensive.sort((left, right) => right.cost - left.cost).slice(0, 4);
  }

  totalErrors(path: string): FieldError[] {
    if (this.#total <= schemaLimit) return [];
    const part = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
    const name = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...this.#expensive.map((each) => forbidden(each.path, part)),
      forbidden(path, costText(name, this.#total, schemaLimit)),
    ];
  }
}

function product(cost: number, times: number): number {
  return Math.min(cost * times, largest);
}

/** How often the values in a schema can be there. */
function inner(outer: number | undefined, schema: JSONSchemaProps): number | undefined {
  if (outer === undefined) return undefined;
  let most: number | undefined = 1;
  if (schema.type === 'array') most = schema.maxItems;
  else if (schema.type === 'object' && schema.additionalProperties !== undefined) most = schema.maxProperties;
  return most === undefined ? undefined : product(outer, Math.max(0, most));
}

function costText(name: string, cost: number, limit: number): string {
  const factor = cost / limit;
  let shown = `${factor.toFixed(1)}x`;
  if (factor > 100) shown = 'more than 100x';
  else if (factor < 1.5) shown = `${factor.toFixed(6)}x`;
  return `${name} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}
