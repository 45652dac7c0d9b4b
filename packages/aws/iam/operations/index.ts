import type { OperationHandler } from '../../service.ts';
import type { IamOptions } from '../index.ts';

/** Every operation of IAM that is supported, by name. */
export function operationsOf(_options: IamOptions): Record<string, OperationHandler> {
  return {};
}
