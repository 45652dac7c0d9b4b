/** Bytes or a value that are no object of the type. The message is the one that kube-apiserver's decoder gives. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}
