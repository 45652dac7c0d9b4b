import { existsSync, readFileSync } from 'node:fs';
import { type Descriptions, descriptionsFrom } from '@keelson/model';

/** What `kubectl explain` says of types and fields: the file is beside the bundle; running from source there is none. */
export function typeDescriptions(): Descriptions | undefined {
  const file = new URL('./descriptions.json', import.meta.url);
  return existsSync(file) ? descriptionsFrom(() => readFileSync(file, 'utf8')) : undefined;
}
