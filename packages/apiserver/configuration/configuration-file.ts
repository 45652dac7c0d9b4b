import { readFileSync } from 'node:fs';
import { messageOf, type Timer, type World } from '@keelson/base';
import { parseJson } from '@keelson/model';
import { parseYaml } from '@keelson/model/codec/yaml.ts';
import { ConfigurationError, type Shape, shapeProblems } from './shape.ts';

/** How often a file is looked at, in milliseconds. */
const period = 5000;
/** Bytes of a configuration. */
const sizeLimit = 3 << 20;

/** Reads a file of YAML or JSON. @throws ConfigurationError */
function textOf(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ConfigurationError(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (bytes.length > sizeLimit) throw new ConfigurationError(`${path} is larger than ${sizeLimit} bytes`);
  return bytes.toString('utf8');
}

/**
 * Reads an object of a configuration's kind out of YAML or JSON.
 * @param kinds `apiVersion` and `kind` that are known, as `audit.k8s.io/v1 Policy`
 * @throws ConfigurationError
 */
export function parseConfiguration(text: string, kinds: readonly string[], shape: Shape): Record<string, any> {
  let value: unknown;
  try {
    const json = text.trimStart().startsWith('{');
    value = json ? parseJson(Buffer.from(text)) : parseYaml(text).value;
  } catch (error) {
    throw new ConfigurationError(messageOf(error));
  }
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (!kinds.includes(`${apiVersion} ${kind}`))
    throw new ConfigurationError(
      `no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}`,
    );
  const problems = shapeProblems(value, { apiVersion: 'string', kind: 'string', ...shape });
  if (problems.length > 0) throw new ConfigurationError(`strict decoding error: ${problems.join(', ')}`);
  return value as Record<string, any>;
}

/**
 * A file whose content is used from the start and anew whenever it changes. What cannot be read at the start is an error;
 * a change that cannot be used is logged, and what was there before stays.
 */
export class ConfigurationFile<T> {
  readonly #path: string;
  readonly #world: World;
  readonly #read: (text: string) => T;
  #text: string;
  #timer: Timer | undefined;
  /** What the file said when it could last be used. */
  current: T;

  /**
   * @param read may throw ConfigurationError
   * @throws ConfigurationError
   */
  constructor(path: string, world: World, read: (text: string) => T) {
    this.#path = path;
    this.#world = world;
    this.#read = read;
    this.#text = textOf(path);
    try {
      this.current = read(this.#text);
    } catch (error) {
      throw new ConfigurationError(`${path}: ${messageOf(error)}`);
    }
  }

  /** Looks at the file from now on, and calls `changed` with what it says and what it said before. */
  follow(changed: (current: T, previous: T) => void = () => {}): void {
    this.#timer = this.#world.clock.setTimer(period, () => {
      this.#look(changed);
      this.follow(changed);
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #look(changed: (current: T, previous: T) => void): void {
    try {
      const text = textOf(this.#path);
      if (text === this.#text) return;
      this.#text = text;
      const previous = this.current;
      this.current = this.#read(text);
      changed(this.current, previous);
      this.#world.log.info('a configuration was read anew', { file: this.#path });
    } catch (error) {
      this.#world.log.error('a changed configuration cannot be used', { file: this.#path, error: messageOf(error) });
    }
  }
}
