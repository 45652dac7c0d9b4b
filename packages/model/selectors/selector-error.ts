/** A selector that cannot be read or used. The message is what kube-apiserver answers with, as 400 Bad Request. */
export class SelectorError extends Error {}
