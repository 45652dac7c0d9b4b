/** One row of generated/kubernetes-resources.json: what the published API says of a resource. Minors are of Kubernetes 1. */
export interface ResourceRow {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly type: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly subresources?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly group: string;
        readonly version: string;
        readonly kind: string;
        readonly verbs: readonly string[];
      }
    >
  >;
  readonly introduced?: number;
  readonly deprecated?: number;
  readonly removed?: number;
  /** `apps/v1 Deployment`. */
  readonly replacement?: string;
}
