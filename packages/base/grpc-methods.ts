import protobuf from 'protobufjs/light.js';

/** How one gRPC method is called: what `makeUnaryRequest` and its like of @grpc/grpc-js take. */
export interface GrpcMethod {
  /** `/runtime.v1.RuntimeService/Version`. */
  readonly path: string;
  readonly requestSerialize: (request: any) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => any;
}

/**
 * Reads gRPC methods from a schema in protobuf.js' JSON form, with field names as they are written there. Answers have
 * every field; a 64-bit number is a JavaScript number, exact up to 2^53. Each message's code is made when it is first
 * used: a process pays for what it calls.
 * @throws Error when the schema has no such service or method
 */
export function grpcMethods(schema: object): (service: string, method: string) => GrpcMethod {
  const root = protobuf.Root.fromJSON(schema as protobuf.INamespace);
  const known = new Map<string, GrpcMethod>();
  return (service, name) => {
    const path = `/${service}/${name}`;
    let method = known.get(path);
    if (method === undefined) {
      const found = root.lookupService(service).methods[name];
      if (found === undefined) throw new Error(`the service ${service} has no method ${name}`);
      method = methodAt(path, found);
      known.set(path, method);
    }
    return method;
  };
}

function methodAt(path: string, method: protobuf.Method): GrpcMethod {
  method.resolve();
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  return {
    path,
    requestSerialize: (value) => request!.encode(request!.fromObject(value)).finish() as Buffer,
    responseDeserialize: (bytes) => response!.toObject(response!.decode(bytes), { defaults: true, longs: Number }),
  };
}
