import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { decodeObject, encodeProtobuf, findType, normalize, protobufMediaType } from '@keelson/model';

/**
 * Holds the engine and its tables to upstream's own objects: the API's Go package carries one of every kind, with every
 * field set, as JSON and as protobuf. Each has to come out of the decoder as it went in, and to be written as the same
 * bytes. @param homes group and version to package. @returns what did not, by file.
 */
export function roundTripProblems(directory: string, homes: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  let objects = 0;
  for (const file of globSync(join(directory, '*.json')).sort()) {
    const name = basename(file, '.json');
    const match = /^(.+)\.(v[^.]+)\.(\w+)$/.exec(name);
    const type = `${homes.get(`${match?.[1]}/${match?.[2]}`)}.${match?.[3]}`;
    const binary = join(directory, `${name}.pb`);
    if (findType(type) === undefined || !existsSync(binary)) continue;
    objects++;
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const bytes = readFileSync(binary);
    const { object, unknown } = normalize(type, value);
    if (unknown.length > 0) problems.push(`${name}: ${unknown.join(', ')}`);
    if (!isDeepStrictEqual(object, value)) problems.push(`${name}: JSON is not the same`);
    if (!isDeepStrictEqual(decodeObject(type, bytes, protobufMediaType).object, value)) {
      problems.push(`${name}: protobuf is read as something else`);
    }
    if (!bytes.equals(encodeProtobuf(type, object))) problems.push(`${name}: protobuf is written otherwise`);
  }
  if (objects < 100) problems.push(`only ${objects} objects were found`);
  return problems;
}
