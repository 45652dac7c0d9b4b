import { isProperties } from '../codec/own-property.ts';
import { deepestNesting } from '../codec/walk-context.ts';
import { goSyntax, goText, goTypeText } from '../patch/go-text.ts';
import { PatchError } from '../patch/patch-error.ts';
import type { ApplyListType, ApplyMapType, ApplyType, ScalarKind } from './apply-schema.ts';
import { ListElementError, listElement } from './list-element.ts';
import { elementText, fieldElement } from './path-element.ts';
import { hasNothing, kindOf } from './value-kind.ts';

/** At most so many errors are told: each repeats its path. */
const mostErrors = 100;

class ValidationWalk {
  readonly errors: string[] = [];
  readonly #path: string[] = [];

  check(type: ApplyType, value: unknown): void {
    if (this.#path.length > deepestNesting) throw new PatchError('invalid', 'exceeded max depth');
    const kind = kindOf(type, value);
    if (value === null || value === undefined) return;
    if (kind === 'map') this.#map(type.map!, value);
    else if (kind === 'list') this.#list(type.list!, value);
    else if (kind === 'scalar') this.#scalar(type.scalar!, value);
    else this.#fail('schema error: invalid atom: inlined');
  }

  #fail(message: string): void {
    if (this.errors.length >= mostErrors) return;
    const path = this.#path.map(elementText).join('');
    this.errors.push(path === '' ? message : `${path}: ${message}`);
  }

  #map(map: ApplyMapType, value: unknown): void {
    if (!isProperties(value)) {
      this.#fail(`expected map, got &{${goText(value)}}`);
      return;
    }
    if (hasNothing(value)) return;
    for (const name in value) {
      const type = map.fields.get(name)?.type ?? map.element;
      this.#path.push(fieldElement(name));
      if (type === undefined) this.#fail('field not declared in schema');
      else this.check(type, value[name]);
      this.#path.pop();
      if (type === undefined) return;
    }
  }

  #list(list: ApplyListType, value: unknown): void {
    if (!Array.isArray(value)) {
      this.#fail(`expected list, got &{${goText(value)}}`);
      return;
    }
    const seen = new Set<string>();
    for (let at = 0; at < value.length; at++) {
      let element = `i:${at}`;
      if (!list.atomic) {
        try {
          element = listElement(list, value[at]);
        } catch (error) {
          if (!(error instanceof ListElementError)) throw error;
          this.#fail(`element ${at}: ${error.message}`);
          return;
        }
        if (seen.has(element)) this.#fail(`duplicate entries for key ${elementText(element)}`);
        seen.add(element);
      }
      this.#path.push(element);
      this.check(list.element, value[at]);
      this.#path.pop();
    }
  }

  #scalar(kind: ScalarKind, value: unknown): void {
    const type = typeof value;
    const scalar = type === 'number' || type === 'string' || type === 'boolean';
    if (kind === 'numeric' && type !== 'number')
      this.#fail(`expected numeric (int or float), got ${goTypeText(value)}`);
    else if (kind === 'string' && type !== 'string')
      this.#fail(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
    else if (kind === 'boolean' && type !== 'boolean') this.#fail(`expected boolean, got &{${goText(value)}}`);
    else if (kind === 'untyped' && !scalar) this.#fail(`expected any scalar, got &{${goText(value)}}`);
  }
}

/**
 * Why a value is none of a type, in upstream's words: `.spec.replicas: expected numeric (int or float), got string`,
 * `.spec.foo: field not declared in schema`; undefined when it is one.
 * @throws PatchError for one that is nested deeper than any object may be
 */
export function valueErrors(type: ApplyType, value: unknown): string | undefined {
  const walk = new ValidationWalk();
  walk.check(type, value);
  const { errors } = walk;
  if (errors.length <= 1) return errors[0];
  return ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}
