/**
 * Writes packages/aws-protocol/generated: one compact table for each AWS service, from the runtime schemas and type
 * declarations of the installed AWS SDK, and the constraints (lengths, patterns, ranges, enumerations) of botocore's
 * models. Facts only: descriptions are left where they are.
 *
 * Run it with `tools/generate.ts aws`, or by itself. botocore comes with the aws command line; its data folder is
 * asked of python3, or given in KEELSON_BOTOCORE_DATA.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BotocoreModel, findBotocoreData } from './botocore-model.ts';
import { loadSdkService } from './sdk-schema.ts';
import { type SourceService, sourceServices } from './source-services.ts';
import { buildTable } from './table-builder.ts';
import { tableModule } from './table-module.ts';

const outputFolder = join(import.meta.dirname, '../../packages/aws-protocol/generated');

/** Rewrites every table. Prints a line for each; rejects when the SDK or botocore is not there. */
export async function generateAws(): Promise<void> {
  const data = findBotocoreData();
  mkdirSync(outputFolder, { recursive: true });
  for (const source of sourceServices) await generateService(source, data);
}

async function generateService(source: SourceService, botocoreData: string): Promise<void> {
  const sdk = await loadSdkService(source.client);
  const table = buildTable(source, sdk, BotocoreModel.load(botocoreData, source.botocore));
  const text = tableModule(table);
  writeFileSync(join(outputFolder, `${source.name}.ts`), text);
  const operations = Object.keys(table.operations).length;
  console.log(`${source.name}: ${operations} operations, ${Math.ceil(text.length / 1024)} KB`);
}

if (process.argv[1] === import.meta.filename) await generateAws();
