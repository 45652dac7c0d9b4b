import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One shape of a botocore model, as far as it is used here. */
export interface BotocoreShape {
  readonly type: string;
  readonly required?: readonly string[];
  readonly members?: Readonly<Record<string, { readonly shape: string }>>;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

interface BotocoreService {
  readonly metadata: { readonly targetPrefix?: string; readonly jsonVersion?: string };
  readonly operations: Readonly<
    Record<string, { readonly input?: { readonly shape: string }; readonly output?: { readonly shape: string } }>
  >;
  readonly shapes: Readonly<Record<string, BotocoreShape>>;
}

/** The folder that holds botocore's models. @throws Error when there is none on this machine. */
export function findBotocoreData(): string {
  const given = process.env['KEELSON_BOTOCORE_DATA'];
  if (given !== undefined) return given;
  const folder = execFileSync('python3', ['-c', 'import botocore; print(botocore.__path__[0])'], { encoding: 'utf8' });
  const data = join(folder.trim(), 'data');
  if (!existsSync(data))
    throw new Error('botocore has no data folder: install the aws command line (pip install awscli)');
  return data;
}

/** botocore's model of one service: what the SDK's schemas lack. */
export class BotocoreModel {
  readonly service: BotocoreService;

  constructor(service: BotocoreService) {
    this.service = service;
  }

  /** The newest version of `folder` in `data`. */
  static load(data: string, folder: string): BotocoreModel {
    const version = readdirSync(join(data, folder)).sort().at(-1)!;
    const packed = readFileSync(join(data, folder, version, 'service-2.json.gz'));
    return new BotocoreModel(JSON.parse(gunzipSync(packed).toString('utf8')));
  }

  shape(name: string | undefined): BotocoreShape | undefined {
    return name === undefined ? undefined : this.service.shapes[name];
  }

  input(operation: string): BotocoreShape | undefined {
    return this.shape(this.service.operations[operation]?.input?.shape);
  }

  output(operation: string): BotocoreShape | undefined {
    return this.shape(this.service.operations[operation]?.output?.shape);
  }

  member(parent: BotocoreShape | undefined, name: string): BotocoreShape | undefined {
    return this.shape(parent?.members?.[name]?.shape);
  }

  memberShapeName(parent: BotocoreShape | undefined, name: string): string | undefined {
    return parent?.members?.[name]?.shape;
  }
}
