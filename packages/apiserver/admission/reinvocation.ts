/**
 * What one write's admission remembers from its first pass: when a mutating plug-in of later asks for it, every plug-in
 * is asked once more (k8s.io/apiserver/pkg/admission ReinvocationContext).
 */
export class Reinvocation {
  /** True in the second pass. */
  reinvoking = false;
  /** A second pass was asked for. */
  requested = false;
  /** What plug-ins keep for it, by their names. */
  readonly state = new Map<string, unknown>();
}
