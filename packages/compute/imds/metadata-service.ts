import { type HttpRequest, rfc3339, type World } from '@keelson/base';
import type { InstanceMetadata, RoleCredentials } from './instance-metadata.ts';
import { MetadataTokens } from './metadata-tokens.ts';
import { lookUp, metadataTree } from './metadata-tree.ts';

/** Where every EC2 instance finds its metadata. */
export const metadataAddress = '169.254.169.254';

export interface MetadataServiceOptions {
  readonly world: World;
  /** Asked at every request; undefined while nothing is known of the instance. */
  metadata(): InstanceMetadata | undefined;
  /** Of the instance's role; undefined while there are none. */
  credentials(): RoleCredentials | undefined;
}

export interface MetadataAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const lifetimeHeader = 'x-aws-ec2-metadata-token-ttl-seconds';
const tokenHeader = 'x-aws-ec2-metadata-token';

const versions = [
  '1.0',
  '2007-01-19',
  '2007-03-01',
  '2007-08-29',
  '2007-10-10',
  '2007-12-15',
  '2008-02-01',
  '2008-09-01',
  '2009-04-04',
  '2011-01-01',
  '2011-05-01',
  '2012-01-12',
  '2014-02-25',
  '2014-11-05',
  '2015-10-20',
  '2016-04-19',
  '2016-06-30',
  '2016-09-02',
  '2018-03-28',
  '2018-08-17',
  '2018-09-24',
  '2019-10-01',
  '2020-08-24',
  '2020-10-27',
  '2021-01-03',
  '2021-03-23',
  '2021-07-15',
  '2022-09-24',
  '2024-04-11',
  'latest',
];

/** Instance metadata, version 1 and 2 (IMDS), as the EC2 User Guide describes it. */
export class MetadataService {
  readonly #options: MetadataServiceOptions;
  readonly #tokens: MetadataTokens;

  constructor(options: MetadataServiceOptions) {
    this.#options = options;
    this.#tokens = new MetadataTokens(options.world.clock, options.world.random);
  }

  /**
   * The answer to a client that is `hops` network hops away: 1 for the instance itself, 2 for a pod with a network
   * namespace of its own. Undefined when the answer does not get that far: a token travels no more hops than the
   * instance's httpPutResponseHopLimit.
   */
  answer(request: HttpRequest, hops: number): MetadataAnswer | undefined {
    const metadata = this.#options.metadata();
    if (metadata === undefined) return failure(503, 'Service Unavailable');
    if (metadata.options.httpEndpoint === 'disabled') return failure(403, 'Forbidden');
    const path = request.target.split('?')[0]!.split('/').filter(Boolean);
    if (request.method === 'PUT') return this.#tokenFor(request, path, metadata, hops);
    if (request.method !== 'GET' && request.method !== 'HEAD') return failure(405, 'Method Not Allowed');
    const token = request.headers[tokenHeader];
    const remaining = token === undefined ? undefined : this.#tokens.remaining(token);
    if (remaining === undefined && (token !== undefined || metadata.options.httpTokens === 'required'))
      return failure(401, 'Unauthorized');
    const text = this.#read(path, metadata);
    if (text === undefined) return failure(404, 'Not Found');
    const isBinary = path[1] === 'user-data';
    const body = Buffer.from(text, isBinary ? 'latin1' : 'utf8');
    return {
      status: 200,
      headers: {
        'content-type': isBinary ? 'application/octet-stream' : 'text/plain',
        'content-length': String(body.length),
        'accept-ranges': 'none',
        server: 'EC2ws',
        ...(remaining === undefined ? {} : { [lifetimeHeader]: String(remaining) }),
      },
      body: request.method === 'HEAD' ? Buffer.alloc(0) : body,
    };
  }

  #tokenFor(
    request: HttpRequest,
    path: readonly string[],
    { options }: InstanceMetadata,
    hops: number,
  ): MetadataAnswer | undefined {
    if (path.join('/') !== 'latest/api/token') return failure(405, 'Method Not Allowed');
    // A request that came through a proxy is refused, so that an open one gives no tokens away.
    if (request.headers['x-forwarded-for'] !== undefined) return failure(403, 'Forbidden');
    const issued = this.#tokens.issue(request.headers[lifetimeHeader]);
    if (issued === undefined) return failure(400, 'Bad Request');
    if (hops > options.httpPutResponseHopLimit) return undefined;
    const body = Buffer.from(issued.token);
    return {
      status: 200,
      headers: {
        'content-type': 'text/plain',
        'content-length': String(body.length),
        server: 'EC2ws',
        [lifetimeHeader]: String(issued.seconds),
      },
      body,
    };
  }

  #read(path: readonly string[], metadata: InstanceMetadata): string | undefined {
    const [version, ...rest] = path;
    if (version === undefined) return versions.join('\n');
    if (!versions.includes(version)) return undefined;
    const now = rfc3339(this.#options.world.clock.now());
    const tree = metadataTree(metadata, this.#options.credentials(), now);
    if (rest.length === 0) return Object.keys(tree).join('\n');
    return lookUp(tree, rest);
  }
}

/** EC2's error page. */
function failure(status: number, title: string): MetadataAnswer {
  const page = `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>${status} - ${title}</title>
 </head>
 <body>
  <h1>${status} - ${title}</h1>
 </body>
</html>
`;
  const body = Buffer.from(page);
  return {
    status,
    headers: { 'content-type': 'text/html', 'content-length': String(body.length), server: 'EC2ws' },
    body,
  };
}
