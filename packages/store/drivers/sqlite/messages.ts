import type {
  Change,
  Comparison,
  Entry,
  RangeRequest,
  RangeResult,
  StoreErrorCode,
  TransactionResult,
} from '../../store.ts';

/** What the worker is started with. */
export interface WorkerSettings {
  readonly path: string;
  readonly maximumBytes: number;
}

/** An operation on its way to the worker: a time to live has become a deadline in milliseconds since 1970. */
export type WireOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array; readonly deadline: number | null }
  | { readonly type: 'delete'; readonly key: string }
  | { readonly type: 'get'; readonly key: string };

export interface WireTransaction {
  readonly type: 'transact';
  readonly compare: readonly Comparison[];
  readonly success: readonly WireOperation[];
  readonly failure: readonly WireOperation[];
}

export interface HistoryRequest {
  readonly type: 'history';
  readonly start: string;
  readonly end: string;
  readonly from: number;
}

/** Everything up to `reached` is in `revisions`, as far as it lies in the range. */
export interface History {
  readonly revisions: readonly { readonly revision: number; readonly changes: readonly Change[] }[];
  readonly reached: number;
}

/** The keys whose deadline has passed (some of them, when there are many), and the next deadline of the others. */
export interface Deadlines {
  readonly due: readonly { readonly key: string; readonly modRevision: number }[];
  readonly next: number | undefined;
}

/** Some entries of a range, and under which number the next ones can be had; 0 when these are the last. */
export interface RangePart {
  readonly entries: readonly Entry[];
  readonly next: number;
}

/** What the main thread asks for, with what it is answered. */
export interface Answers {
  transact: TransactionResult;
  get: Entry | undefined;
  range: RangeResult & RangePart;
  rangePart: RangePart;
  history: History;
  deadlines: Deadlines;
  /** The compacted revision after it. */
  compact: number;
  /** Whether everything that is compacted has been removed. */
  clean: boolean;
}

export type Request =
  | WireTransaction
  | { readonly type: 'get'; readonly key: string; readonly revision: number }
  | { readonly type: 'range'; readonly request: RangeRequest }
  | { readonly type: 'rangePart'; readonly part: number }
  | HistoryRequest
  | { readonly type: 'deadlines'; readonly now: number }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'clean' };

export interface Failure {
  readonly code: StoreErrorCode;
  readonly message: string;
  /** Nothing more can be asked of the worker. */
  readonly fatal: boolean;
}

export type Outcome = { readonly value: unknown } | { readonly failure: Failure };

export type ToWorker = { readonly batch: readonly Request[] } | { readonly close: true };

export type FromWorker =
  | { readonly opened: { readonly revision: number; readonly compacted: number; readonly clean: boolean } }
  | { readonly refused: Failure }
  | { readonly outcomes: readonly Outcome[] };
