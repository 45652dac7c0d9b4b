/**
 * A DNS name as its labels from the most specific one on; the root is empty. A label is a string of bytes (one character
 * each), in the case that was sent: answers repeat it.
 */
export type DnsName = readonly string[];

/** Record types that are made or looked into here; others pass as numbers (RFC 1035, 3596, 2782, 6891). */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  ANY: 255,
} as const;

/** RFC 1035, section 4.1.1. */
export const responseCodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

export const internetClass = 1;

/** The longest message that UDP carries without EDNS, and the longest that is sent or asked for with it (RFC 9715). */
export const plainUdpLimit = 512;
export const ednsUdpLimit = 1232;

export interface DnsQuestion {
  readonly name: DnsName;
  readonly type: number;
  readonly class: number;
}

export interface DnsRecord {
  readonly name: DnsName;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  /** RDATA as on the wire, names in it never compressed. */
  readonly data: Uint8Array;
}

/** The OPT pseudo-record (RFC 6891); options are not carried on. */
export interface DnsEdns {
  readonly udpSize: number;
  readonly version: number;
  readonly dnssecOk: boolean;
}

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly checkingDisabled: boolean;
  /** With EDNS all twelve bits. */
  readonly code: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  readonly edns?: DnsEdns;
}

/** The name in lower case with dots, without the last one: what names are compared by. The root is ''. */
export function nameText(name: DnsName): string {
  return name.map((label) => label.replace(/[A-Z]/g, (letter) => letter.toLowerCase())).join('.');
}

/** The labels of a name that is written with dots; one at its end is allowed. */
export function nameOf(text: string): DnsName {
  return text.split('.').filter((label) => label !== '');
}

/** An answer to `query` that says nothing yet: its id, question and flags, and EDNS when the query had it. */
export function replyTo(query: DnsMessage, change: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: query.id,
    response: true,
    opcode: query.opcode,
    authoritative: false,
    truncated: false,
    recursionDesired: query.recursionDesired,
    recursionAvailable: false,
    checkingDisabled: query.checkingDisabled,
    code: responseCodes.NOERROR,
    questions: query.questions,
    answers: [],
    authorities: [],
    additionals: [],
    ...(query.edns && { edns: { udpSize: ednsUdpLimit, version: 0, dnssecOk: query.edns.dnssecOk } }),
    ...change,
  };
}

/** A query for one question, as a resolver sends it. */
export function queryFor(question: DnsQuestion, change: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: 0,
    response: false,
    opcode: 0,
    authoritative: false,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    checkingDisabled: false,
    code: responseCodes.NOERROR,
    questions: [question],
    answers: [],
    authorities: [],
    additionals: [],
    ...change,
  };
}
