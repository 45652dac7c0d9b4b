import * as grpc from '@grpc/grpc-js';
import { grpcMethods } from '@keelson/base/grpc-methods.ts';

/** grpc.health.v1.Health (grpc/grpc doc/health-checking.md). */
const descriptor = {
  nested: {
    grpc: {
      nested: {
        health: {
          nested: {
            v1: {
              nested: {
                HealthCheckRequest: { fields: { service: { type: 'string', id: 1 } } },
                HealthCheckResponse: { fields: { status: { type: 'int32', id: 1 } } },
                Health: {
                  methods: { Check: { requestType: 'HealthCheckRequest', responseType: 'HealthCheckResponse' } },
                },
              },
            },
          },
        },
      },
    },
  },
};

const check = grpcMethods(descriptor)('grpc.health.v1.Health', 'Check');
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

/**
 * Asks the health service at `address`. Resolves to SERVING, to DEADLINE when there was no answer by `deadline`
 * (milliseconds since 1970), or to upstream's words for what is wrong.
 */
export function checkGrpcHealth(address: string, service: string, deadline: number): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = check;
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  return new Promise((resolve) => {
    const done = (error: grpc.ServiceError | null, answer?: { status: number }) => {
      client.close();
      if (error === null) {
        const status = statuses[answer!.status] ?? 'UNKNOWN';
        resolve(status === 'SERVING' ? status : `service unhealthy (responded with "${status}")`);
      } else if (error.code === grpc.status.UNIMPLEMENTED)
        resolve('error: this server does not implement the grpc health protocol (grpc.health.v1.Health)');
      else if (error.code === grpc.status.DEADLINE_EXCEEDED || error.code === grpc.status.UNAVAILABLE)
        resolve('DEADLINE');
      else resolve(`error: health rpc probe failed: ${error.details}`);
    };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, { deadline }, done);
  });
}
