import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One model of the client: its fields by their name in JSON, and whether the OpenAPI document requires them. */
export type Model = ReadonlyMap<string, { readonly required: boolean }>;

/** One operation of the API, as the client calls it. */
export interface Operation {
  readonly path: string;
  readonly method: string;
  /** Model of the object that is sent or answered; undefined for text and for connections. */
  readonly model: string | undefined;
}

function generated(root: string, path: string): string {
  return readFileSync(join(root, 'node_modules/@kubernetes/client-node/dist/gen', path), 'utf8');
}

/** The models that this release has; the package still carries files of earlier releases, which no index names. */
export function readModels(root: string): Map<string, Model> {
  const models = new Map<string, Model>();
  for (const match of generated(root, 'models/all.js').matchAll(/'\.\.\/models\/(\w+)\.js'/g)) {
    const fields = new Map<string, { required: boolean }>();
    const names = new Map<string, string>();
    const script = generated(root, `models/${match[1]}.js`);
    for (const field of script.matchAll(/"name": "([^"]+)",\s+"baseName": "([^"]+)"/g)) names.set(field[1]!, field[2]!);
    for (const field of generated(root, `models/${match[1]}.d.ts`).matchAll(/^ {4}'([^']+)'(\??): /gm)) {
      fields.set(names.get(field[1]!) ?? field[1]!, { required: field[2] === '' });
    }
    models.set(match[1]!, fields);
  }
  return models;
}

const bodies = /ObjectSerializer\.serialize\(body, "(\w+)"/;
const answers = /ObjectSerializer\.deserialize\([^"]*"(\w+)"/;

/** Every operation of the API files that this release has. */
export function readOperations(root: string): Operation[] {
  const operations: Operation[] = [];
  for (const match of generated(root, 'types/PromiseAPI.d.ts').matchAll(/^export declare class Promise(\w+Api) /gm)) {
    const functions = new Map<string, string>();
    for (const part of generated(root, `apis/${match[1]}.js`)
      .split(/^ {4}async /m)
      .slice(1)) {
      functions.set(part.slice(0, part.indexOf('(')), part);
    }
    for (const [name, text] of functions) {
      const path = /localVarPath = '([^']+)'/.exec(text)?.[1];
      if (path === undefined) continue;
      const method = /HttpMethod\.(\w+)/.exec(text)![1]!;
      const body = method === 'POST' || method === 'PUT' ? bodies.exec(text)?.[1] : undefined;
      const answer = answers.exec(functions.get(`${name}WithHttpInfo`) ?? '')?.[1];
      operations.push({
        path,
        method,
        model: body ?? (method === 'DELETE' || answer === 'string' ? undefined : answer),
      });
    }
  }
  return operations;
}
