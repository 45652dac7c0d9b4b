import type { HttpRequest } from '@keelson/base';
import { AwsError } from './aws-error.ts';

/** More parameters than any call has in earnest (1000 resources with their tags). */
const mostParameters = 20_000;

/** A query's parameters as the tree that their dotted names make: `Filter.1.Value.1=x`. */
export interface FormNode {
  value: string | undefined;
  readonly children: Map<string, FormNode>;
}

function newNode(): FormNode {
  return { value: undefined, children: new Map() };
}

/** The pairs of a query request: of the query string, and of a form body. */
export function formPairs(request: HttpRequest): [string, string][] {
  const start = request.target.indexOf('?');
  const pairs = start < 0 ? [] : [...new URLSearchParams(request.target.slice(start + 1))];
  const contentType = request.headers['content-type'] ?? '';
  if (request.body.length > 0 && (contentType === '' || contentType.startsWith('application/x-www-form-urlencoded')))
    for (const pair of new URLSearchParams(Buffer.from(request.body).toString('utf8'))) {
      pairs.push(pair);
      if (pairs.length > mostParameters)
        throw new AwsError('MalformedQueryString', `A request can have ${mostParameters} parameters at most`, {}, 400);
    }
  return pairs;
}

/** The value of one parameter, without building the tree. */
export function formValue(request: HttpRequest, name: string): string | undefined {
  return formPairs(request).find(([key]) => key === name)?.[1];
}

export function formTree(pairs: readonly (readonly [string, string])[]): FormNode {
  const root = newNode();
  for (const [name, value] of pairs) {
    const parts = name.split('.', 32);
    let node = root;
    for (const part of parts) {
      let child = node.children.get(part);
      if (child === undefined) {
        child = newNode();
        node.children.set(part, child);
      }
      node = child;
    }
    node.value = value;
  }
  return root;
}

/** Children with whole numbers for names, in their order. */
export function numbered(node: FormNode): FormNode[] {
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .sort(([left], [right]) => Number(left) - Number(right))
    .map(([, child]) => child);
}
