/**
 * Writes what `kubectl explain` says of every type and field, for packages/model/documents/descriptions.ts to read.
 * Part of a build: the file is made of an installed package and is not committed.
 *
 *     node tools/describe-types.ts <file to write>
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { typeNames } from '@keelson/model/tables/struct-type.ts';
import { readDescriptions } from './kubernetes-types/descriptions.ts';

const file = process.argv[2];
if (file === undefined) throw new Error('usage: describe-types.ts <file to write>');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(readDescriptions(join(import.meta.dirname, '..'), typeNames()))}\n`);
