import * as grpc from '@grpc/grpc-js';
import type { Clock } from '@keelson/base';
import { grpcMethods } from '@keelson/base/grpc-methods.ts';
import { RuntimeError, type RuntimeErrorCode } from '../../runtime.ts';
import { criDescriptor } from './cri-schema.ts';

type Service = 'RuntimeService' | 'ImageService';
const longestMessage = 16 * 1024 * 1024;

/** Times are nanoseconds since 1970; a number holds them to a quarter of a microsecond. */
const methodOf = grpcMethods(criDescriptor());

const codes: Partial<Record<grpc.status, RuntimeErrorCode>> = {
  [grpc.status.NOT_FOUND]: 'NotFound',
  [grpc.status.DEADLINE_EXCEEDED]: 'DeadlineExceeded',
  [grpc.status.UNAVAILABLE]: 'Unavailable',
  [grpc.status.INVALID_ARGUMENT]: 'InvalidArgument',
  [grpc.status.UNIMPLEMENTED]: 'Unimplemented',
};

/** A connection to a runtime's Unix socket. It connects when it is used, and again after the runtime was away. */
export class CriChannel {
  readonly #clock: Clock;
  readonly #client: grpc.Client;

  /** `socket` is the path of the runtime's socket; `clock` the machine's, by which gRPC keeps its deadlines. */
  constructor(socket: string, clock: Clock) {
    this.#clock = clock;
    this.#client = new grpc.Client(`unix://${socket}`, grpc.credentials.createInsecure(), {
      'grpc.max_receive_message_length': longestMessage,
      'grpc.max_send_message_length': longestMessage,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
    });
  }

  /** Calls one method. `timeout` in milliseconds. @throws RuntimeError */
  call(service: Service, method: string, request: object, timeout: number): Promise<any> {
    const { path, requestSerialize, responseDeserialize } = methodOf(`runtime.v1.${service}`, method);
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.now() + timeout;
      const done = (error: grpc.ServiceError | null, answer?: unknown) => {
        if (error === null) resolve(answer);
        else reject(new RuntimeError(codes[error.code] ?? 'Unknown', error.details));
      };
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, { deadline }, done);
    });
  }

  close(): void {
    this.#client.close();
  }
}
