import * as grpc from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { Clock } from '@keelson/base';
import { RuntimeError, type RuntimeErrorCode } from '../../runtime.ts';
import { criDescriptor } from './cri-schema.ts';

type Service = 'RuntimeService' | 'ImageService';
type Method = (
  request: object,
  options: { deadline: Date | number },
  done: (error: grpc.ServiceError | null, answer: any) => void,
) => void;

const longestMessage = 16 * 1024 * 1024;

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
  readonly #clients: Record<Service, Record<string, Method> & { close(): void }>;

  /** `socket` is the path of the runtime's socket; `clock` the machine's, by which gRPC keeps its deadlines. */
  constructor(socket: string, clock: Clock) {
    this.#clock = clock;
    const options = { keepCase: true, longs: String, defaults: true };
    const loaded = grpc.loadPackageDefinition(fromJSON(criDescriptor() as never, options)) as any;
    const make = (name: Service) =>
      new loaded.runtime.v1[name](`unix://${socket}`, grpc.credentials.createInsecure(), {
        'grpc.max_receive_message_length': longestMessage,
        'grpc.max_send_message_length': longestMessage,
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
      });
    this.#clients = { RuntimeService: make('RuntimeService'), ImageService: make('ImageService') };
  }

  /** Calls one method. `timeout` in milliseconds. @throws RuntimeError */
  call(service: Service, method: string, request: object, timeout: number): Promise<any> {
    const client = this.#clients[service];
    return new Promise((resolve, reject) => {
      const deadline = this.#clock.now() + timeout;
      client[method]!(request, { deadline }, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(new RuntimeError(codes[error.code] ?? 'Unknown', error.details));
      });
    });
  }

  close(): void {
    for (const client of Object.values(this.#clients)) client.close();
  }
}
