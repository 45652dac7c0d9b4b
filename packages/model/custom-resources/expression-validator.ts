import { newestMinor } from '../catalogue/minors.ts';
import {
  CelEvaluationError,
  type CelProgram,
  type CelType,
  compile,
  escapeFieldName,
  messageExpressionMaxBytes,
  perCallCostLimit,
  runtimeCostBudget,
  typeOfSchema,
} from '../cel/index.ts';
import { isProperties, type Properties } from '../codec/own-property.ts';
import { child, type FieldError, index, key } from '../field-error.ts';
import { type CompiledRule, compileRules } from './expression-rules.ts';
import { sameJsonValue } from './json-equality.ts';
import { ruleFailure, ruleProblem } from './rule-errors.ts';
import type { StructuralSchema } from './structural-schema.ts';
import { elementsByKey, uncorrelated } from './value-validator.ts';

/** The rules of a schema and of what is in it. */
interface RuleNode {
  readonly schema: StructuralSchema;
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly additionalProperties: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

/** A value and what it was before. */
interface Pair {
  readonly value: unknown;
  /** `uncorrelated` when there is none, or none that can be told to be the same one's. */
  readonly old: unknown;
  /** Whether the value, or what it is part of, is as it was: rules that fail then failed before. */
  readonly unchanged: () => boolean;
}

const changed = () => false;

/** Validates objects by the x-kubernetes-validations of a schema, under one budget of cost for each object. */
export class ExpressionValidator {
  readonly #root: RuleNode;

  private constructor(root: RuleNode) {
    this.#root = root;
  }

  /** Undefined when the schema, which is that of whole objects, has no rules. */
  static of(schema: StructuralSchema): ExpressionValidator | undefined {
    const root = nodeOf(schema, typeOfSchema(schema.props, true));
    return root && new ExpressionValidator(root);
  }

  /** The rules of a property, of what its properties are, or of the elements of a list. */
  property(name: string): ExpressionValidator | undefined {
    const node = this.#root.properties.get(name);
    return node && new ExpressionValidator(node);
  }

  get items(): ExpressionValidator | undefined {
    return this.#root.items && new ExpressionValidator(this.#root.items);
  }

  /** Everything that rules say against `object`; those that compare need `previous`. Never throws. */
  validate(object: unknown, previous: unknown, path = ''): FieldError[] {
    const evaluation = new Evaluation();
    const old = previous === undefined ? uncorrelated : previous;
    evaluation.visit(this.#root, { value: object, old, unchanged: unchangedOf(object, old, changed) }, path);
    return evaluation.errors;
  }
}

const everyStored = () => true;

function nodeOf(schema: StructuralSchema, type: CelType | undefined): RuleNode | undefined {
  if (type === undefined) return undefined;
  const rules = compileRules(schema.props, type, everyStored);
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of schema.properties) {
    const escaped = escapeFieldName(name);
    const own = escaped === undefined ? typeOfSchema(property.props, property.embedded) : type.field?.(escaped);
    const node = nodeOf(property, own);
    if (node !== undefined) properties.set(name, node);
  }
  const element = type.parameters.at(-1);
  const more = schema.additionalProperties;
  const additionalProperties = more && nodeOf(more, element);
  const items = schema.items && nodeOf(schema.items, element);
  if (rules.length === 0 && properties.size === 0 && additionalProperties === undefined && items === undefined)
    return undefined;
  return { schema, type, rules, properties, additionalProperties, items };
}

function unchangedOf(value: unknown, old: unknown, parent: () => boolean): () => boolean {
  if (old === uncorrelated) return parent;
  let same: boolean | undefined;
  return () => {
    same ??= sameJsonValue(value, old);
    return same;
  };
}

/** Thrown when an object has cost what it may. */
class Spent extends Error {}

/** The rules run over one object. */
class Evaluation {
  readonly errors: FieldError[] = [];
  #budget = runtimeCostBudget;

  visit(node: RuleNode, pair: Pair, path: string): void {
    try {
      this.#visit(node, pair, path);
    } catch (error) {
      if (!(error instanceof Spent)) throw error;
    }
  }

  #visit(node: RuleNode, pair: Pair, path: string): void {
    const { value, old, unchanged } = pair;
    if (value === null || value === undefined) return;
    for (const rule of node.rules) this.#rule(node, rule, pair, path);
    if (Array.isArray(value)) {
      if (node.items === undefined) return;
      const oldOf = elementsByKey(node.schema.props, old);
      value.forEach((element, position) => {
        const before = oldOf?.(element) ?? uncorrelated;
        const inner = { value: element, old: before, unchanged: unchangedOf(element, before, unchanged) };
        this.#visit(node.items!, inner, index(path, position));
      });
    } else if (isProperties(value)) this.#properties(node, value, pair, path);
  }

  #properties(node: RuleNode, value: Properties, { old, unchanged }: Pair, path: string): void {
    for (const name of Object.keys(value)) {
      const known = node.schema.properties.has(name);
      const inner = known ? node.properties.get(name) : node.additionalProperties;
      if (inner === undefined) continue;
      const before = isProperties(old) && Object.hasOwn(old, name) ? old[name] : uncorrelated;
      const pair = { value: value[name], old: before, unchanged: unchangedOf(value[name], before, unchanged) };
      this.#visit(inner, pair, known ? child(path, name) : key(path, name));
    }
  }

  #rule(node: RuleNode, compiled: CompiledRule, { value, old, unchanged }: Pair, path: string): void {
    const { rule, program, transition } = compiled;
    const type = node.schema.props.type ?? '';
    if (this.#budget <= 0) this.#spent(type, path);
    if (program === undefined) {
      if (compiled.problem !== undefined)
        this.errors.push(ruleProblem(path, type, `rule compile error: ${compiled.problem}`));
      return;
    }
    const before = old === uncorrelated || old === null ? undefined : old;
    if (transition && before === undefined && rule.optionalOldSelf !== true) return;
    const bindings = bindingsOf(node, compiled, value, before);
    const holds = this.#holds(program, bindings, compiled, type, path);
    if (holds !== false) return;
    if (!transition && unchanged()) return;
    const detail = this.#message(compiled, bindings, type, path);
    const place = compiled.fieldPath === '' ? path : child(path, compiled.fieldPath);
    this.errors.push(ruleFailure(place, value, detail, rule.reason));
  }

  /** Whether a rule holds; undefined when that cannot be told, which is an error by itself. */
  #holds(
    program: CelProgram,
    bindings: Readonly<Record<string, unknown>>,
    { rule }: CompiledRule,
    type: string,
    path: string,
  ): boolean | undefined {
    try {
      const { value, cost } = program.evaluate(bindings, { costLimit: perCallCostLimit });
      this.#pay(cost, type, path);
      return value === true;
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      this.#pay(error.cost, type, path);
      const said = rule.message?.trim() || rule.rule.trim();
      const { message } = error;
      if (error.reason === 'budget') {
        const text = `'${message}': no further validation rules will be run due to call cost exceeds limit for rule: ${said}`;
        this.errors.push(ruleProblem(path, type, text));
        throw new Spent();
      }
      const text = message.startsWith('no such overload')
        ? `'${message}': call arguments did not match a supported operator, function or macro signature for rule: ${said}`
        : `${message} evaluating rule: ${said}`;
      this.errors.push(ruleProblem(path, type, text));
      return undefined;
    }
  }

  /** What is said of a rule that failed: its messageExpression's text where that gives a good one. */
  #message(
    { rule, message }: CompiledRule,
    bindings: Readonly<Record<string, unknown>>,
    type: string,
    path: string,
  ): string {
    const otherwise = rule.message ? rule.message.trim() : `failed rule: ${rule.rule.trim()}`;
    if (message === undefined) return otherwise;
    try {
      const { value, cost } = message.evaluate(bindings, { costLimit: perCallCostLimit });
      if (cost > this.#budget)
        this.#end(
          path,
          type,
          'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
        );
      this.#budget -= cost;
      const text = typeof value === 'string' ? value.trim() : '';
      const good = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageExpressionMaxBytes;
      return good ? text : otherwise;
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      if (error.reason === 'budget')
        this.#end(
          path,
          type,
          `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`,
        );
      this.#budget -= error.cost;
      return otherwise;
    }
  }

  #pay(cost: number, type: string, path: string): void {
    if (cost > this.#budget) this.#spent(type, path);
    this.#budget -= cost;
  }

  #spent(type: string, path: string): never {
    const text = 'validation failed due to running out of cost budget, no further validation rules will be run';
    return this.#end(path, type, text);
  }

  #end(path: string, type: string, text: string): never {
    this.errors.push(ruleProblem(path, type, text));
    throw new Spent();
  }
}

let none: { readonly raw: unknown } | undefined;

/** An optional without a value. */
function noValue(): unknown {
  none ??= compile('optional.none()', { minor: newestMinor, stored: true, variables: {} }).evaluate({});
  return none.raw;
}

function someValue(value: unknown, type: CelType): unknown {
  const environment = { minor: newestMinor, stored: true, variables: { value: type } };
  return compile('optional.of(value)', environment).evaluate({ value }).raw;
}

function bindingsOf(
  { type }: RuleNode,
  { rule, transition, message }: CompiledRule,
  self: unknown,
  old: unknown,
): Readonly<Record<string, unknown>> {
  if (!transition && message === undefined) return { self };
  if (rule.optionalOldSelf === true) return { self, oldSelf: old === undefined ? noValue() : someValue(old, type) };
  return old === undefined ? { self } : { self, oldSelf: old };
}
