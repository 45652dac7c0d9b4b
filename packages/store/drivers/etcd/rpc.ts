import { type GrpcMethod, grpcMethods } from '@keelson/base/grpc-methods.ts';

/** A field of a message: its type and number, a leading `*` for a repeated one. */
type Fields = Readonly<Record<string, readonly [type: string, id: number]>>;

function message(fields: Fields, oneofs?: Readonly<Record<string, readonly string[]>>) {
  const entries = Object.entries(fields).map(([name, [type, id]]) => [
    name,
    type.startsWith('*') ? { rule: 'repeated', type: type.slice(1), id } : { type, id },
  ]);
  const choices = Object.entries(oneofs ?? {}).map(([name, oneof]) => [name, { oneof: [...oneof] }]);
  return { fields: Object.fromEntries(entries), ...(oneofs && { oneofs: Object.fromEntries(choices) }) };
}

function method(requestType: string, responseType: string, stream = false) {
  return { requestType, responseType, ...(stream && { requestStream: true, responseStream: true }) };
}

/** The part of etcd's v3 API (etcdserverpb and mvccpb) that the driver uses: names and numbers are the protocol's. */
const schema = {
  nested: {
    mvccpb: {
      nested: {
        KeyValue: message({
          key: ['bytes', 1],
          create_revision: ['int64', 2],
          mod_revision: ['int64', 3],
          version: ['int64', 4],
          value: ['bytes', 5],
          lease: ['int64', 6],
        }),
        Event: message({ type: ['int32', 1], kv: ['KeyValue', 2], prev_kv: ['KeyValue', 3] }),
      },
    },
    etcdserverpb: {
      nested: {
        ResponseHeader: message({ cluster_id: ['uint64', 1], member_id: ['uint64', 2], revision: ['int64', 3] }),
        RangeRequest: message({
          key: ['bytes', 1],
          range_end: ['bytes', 2],
          limit: ['int64', 3],
          revision: ['int64', 4],
          count_only: ['bool', 9],
        }),
        RangeResponse: message({
          header: ['ResponseHeader', 1],
          kvs: ['*mvccpb.KeyValue', 2],
          more: ['bool', 3],
          count: ['int64', 4],
        }),
        PutRequest: message({ key: ['bytes', 1], value: ['bytes', 2], lease: ['int64', 3], prev_kv: ['bool', 4] }),
        PutResponse: message({ header: ['ResponseHeader', 1], prev_kv: ['mvccpb.KeyValue', 2] }),
        DeleteRangeRequest: message({ key: ['bytes', 1], range_end: ['bytes', 2], prev_kv: ['bool', 3] }),
        DeleteRangeResponse: message({
          header: ['ResponseHeader', 1],
          deleted: ['int64', 2],
          prev_kvs: ['*mvccpb.KeyValue', 3],
        }),
        RequestOp: message(
          {
            request_range: ['RangeRequest', 1],
            request_put: ['PutRequest', 2],
            request_delete_range: ['DeleteRangeRequest', 3],
          },
          { request: ['request_range', 'request_put', 'request_delete_range'] },
        ),
        ResponseOp: message(
          {
            response_range: ['RangeResponse', 1],
            response_put: ['PutResponse', 2],
            response_delete_range: ['DeleteRangeResponse', 3],
          },
          { response: ['response_range', 'response_put', 'response_delete_range'] },
        ),
        Compare: message(
          { result: ['int32', 1], target: ['int32', 2], key: ['bytes', 3], mod_revision: ['int64', 6] },
          { target_union: ['mod_revision'] },
        ),
        TxnRequest: message({ compare: ['*Compare', 1], success: ['*RequestOp', 2], failure: ['*RequestOp', 3] }),
        TxnResponse: message({ header: ['ResponseHeader', 1], succeeded: ['bool', 2], responses: ['*ResponseOp', 3] }),
        CompactionRequest: message({ revision: ['int64', 1], physical: ['bool', 2] }),
        CompactionResponse: message({ header: ['ResponseHeader', 1] }),
        WatchCreateRequest: message({
          key: ['bytes', 1],
          range_end: ['bytes', 2],
          start_revision: ['int64', 3],
          prev_kv: ['bool', 6],
          fragment: ['bool', 8],
        }),
        WatchRequest: message({ create_request: ['WatchCreateRequest', 1] }, { request_union: ['create_request'] }),
        WatchResponse: message({
          header: ['ResponseHeader', 1],
          watch_id: ['int64', 2],
          created: ['bool', 3],
          canceled: ['bool', 4],
          compact_revision: ['int64', 5],
          cancel_reason: ['string', 6],
          fragment: ['bool', 7],
          events: ['*mvccpb.Event', 11],
        }),
        LeaseGrantRequest: message({ TTL: ['int64', 1], ID: ['int64', 2] }),
        LeaseGrantResponse: message({ header: ['ResponseHeader', 1], ID: ['int64', 2], TTL: ['int64', 3] }),
        StatusRequest: message({}),
        StatusResponse: message({ header: ['ResponseHeader', 1], version: ['string', 2], dbSize: ['int64', 3] }),
        KV: {
          methods: {
            Range: method('RangeRequest', 'RangeResponse'),
            Txn: method('TxnRequest', 'TxnResponse'),
            Compact: method('CompactionRequest', 'CompactionResponse'),
          },
        },
        Watch: { methods: { Watch: method('WatchRequest', 'WatchResponse', true) } },
        Lease: { methods: { LeaseGrant: method('LeaseGrantRequest', 'LeaseGrantResponse') } },
        Maintenance: { methods: { Status: method('StatusRequest', 'StatusResponse') } },
      },
    },
  },
};

export interface Header {
  readonly cluster_id: number;
  readonly revision: number;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly create_revision: number;
  readonly mod_revision: number;
  readonly version: number;
  readonly value: Uint8Array;
}

export interface RangeMessage {
  readonly key: Uint8Array;
  readonly range_end?: Uint8Array;
  readonly limit?: number;
  readonly revision?: number;
  readonly count_only?: boolean;
}

export interface RangeResponse {
  readonly header: Header;
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  readonly count: number;
}

export interface RequestOp {
  readonly request_range?: RangeMessage;
  readonly request_put?: {
    readonly key: Uint8Array;
    readonly value: Uint8Array;
    readonly lease: number;
    readonly prev_kv: true;
  };
  readonly request_delete_range?: {
    readonly key: Uint8Array;
    readonly range_end?: Uint8Array;
    readonly prev_kv?: true;
  };
}

export interface ResponseOp {
  readonly response_range?: RangeResponse | null;
  readonly response_put?: { readonly prev_kv: KeyValue | null } | null;
  readonly response_delete_range?: { readonly prev_kvs: readonly KeyValue[] } | null;
}

export interface Event {
  /** 0: put, 1: delete. */
  readonly type: number;
  readonly kv: KeyValue;
  readonly prev_kv: KeyValue | null;
}

export interface WatchMessage {
  readonly create_request: {
    readonly key: Uint8Array;
    readonly range_end: Uint8Array;
    readonly start_revision: number;
    readonly prev_kv: true;
    readonly fragment: true;
  };
}

export interface WatchResponse {
  readonly header: Header;
  readonly created: boolean;
  readonly canceled: boolean;
  readonly compact_revision: number;
  readonly cancel_reason: string;
  /** The rest of this response follows in the next one. */
  readonly fragment: boolean;
  readonly events: readonly Event[];
}

/** Each unary method with what goes in and out. */
export interface Methods {
  'KV/Range': [RangeMessage, RangeResponse];
  'KV/Txn': [
    {
      readonly compare: readonly {
        readonly result: number;
        readonly target: number;
        readonly key: Uint8Array;
        readonly mod_revision: number;
      }[];
      readonly success: readonly RequestOp[];
      readonly failure: readonly RequestOp[];
    },
    { readonly header: Header; readonly succeeded: boolean; readonly responses: readonly ResponseOp[] },
  ];
  'KV/Compact': [{ readonly revision: number }, { readonly header: Header }];
  'Lease/LeaseGrant': [{ readonly TTL: number; readonly ID: number }, { readonly ID: number; readonly TTL: number }];
  'Maintenance/Status': [Record<string, never>, { readonly version: string; readonly dbSize: number }];
}

/** 64-bit numbers are JavaScript's: revisions stay below 2^53, and the driver chooses the lease ids that it uses. */
const methodOf = grpcMethods(schema);

/** How a method is called, by its service and name: `KV/Range`. */
export function methodDefinition(name: keyof Methods | 'Watch/Watch'): GrpcMethod {
  const [service, own] = name.split('/') as [string, string];
  return methodOf(`etcdserverpb.${service}`, own);
}
