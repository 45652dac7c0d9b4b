import { ImageBuildError } from './recipe.ts';

/**
 * What the program does, in both machine languages: it blocks all signals and waits for them in turn. SIGINT and SIGTERM
 * end it with 0; SIGCHLD makes it reap, for it is the init of the pod's processes where they share a PID namespace. The
 * first process of a namespace gets signals that it has no handler for only while they are blocked, hence the waiting.
 */
type Part = string | { readonly label: string } | { readonly jump: string; readonly opcode: string };

/** x86-64. System calls: rt_sigprocmask 14, rt_sigtimedwait 128, wait4 61, exit 60. */
const amd64: readonly Part[] = [
  '6aff', // push -1: the set of all signals
  '31ff 4889e6 31d2 6a08 415a 6a0e 58 0f05', // rt_sigprocmask(SIG_BLOCK, rsp, 0, 8)
  { label: 'wait' },
  '4889e7 31f6 31d2 6a08 415a b880000000 0f05', // rt_sigtimedwait(rsp, 0, 0, 8)
  '83f802', // cmp eax, SIGINT
  { jump: 'exit', opcode: '74' },
  '83f80f', // cmp eax, SIGTERM
  { jump: 'exit', opcode: '74' },
  '83f811', // cmp eax, SIGCHLD
  { jump: 'wait', opcode: '75' },
  { label: 'reap' },
  '6aff 5f 31f6 6a01 5a 4d31d2 6a3d 58 0f05', // wait4(-1, 0, WNOHANG, 0)
  '4885c0', // test rax, rax
  { jump: 'reap', opcode: '7f' },
  { jump: 'wait', opcode: 'eb' },
  { label: 'exit' },
  '31ff 6a3c 58 0f05', // exit(0)
];

/** Two-byte jumps: an opcode and a distance of one byte. */
function assembleAmd64(parts: readonly Part[]): Uint8Array {
  const bytes: number[] = [];
  const labels = new Map<string, number>();
  const jumps: { readonly at: number; readonly to: string }[] = [];
  for (const part of parts) {
    if (typeof part === 'string') bytes.push(...Buffer.from(part.replaceAll(' ', ''), 'hex'));
    else if ('label' in part) labels.set(part.label, bytes.length);
    else {
      bytes.push(Number.parseInt(part.opcode, 16), 0);
      jumps.push({ at: bytes.length, to: part.jump });
    }
  }
  for (const { at, to } of jumps) bytes[at - 1] = (labels.get(to)! - at) & 0xff;
  return Uint8Array.from(bytes);
}

/** AArch64. System calls: rt_sigprocmask 135, rt_sigtimedwait 137, wait4 260, exit 93. */
function assembleArm64(): Uint8Array {
  const words: number[] = [];
  const set = (register: number, value: number) => words.push((0xd2800000 | (value << 5) | register) >>> 0);
  const allOnes = (register: number) => words.push((0x92800000 | register) >>> 0);
  const call = (number: number) => {
    set(8, number);
    words.push(0xd4000001);
  };
  const compare = (value: number) => words.push((0x7100001f | (value << 10)) >>> 0);
  const branchIf = (condition: number, to: number) =>
    words.push((0x54000000 | (((to - words.length) & 0x7ffff) << 5) | condition) >>> 0);
  const stackTo = (register: number) => words.push((0x910003e0 | register) >>> 0);
  const [equal, notEqual, greater] = [0, 1, 12];
  allOnes(9);
  words.push(0xf81f0fe9); // str x9, [sp, #-16]!
  set(0, 0);
  stackTo(1);
  set(2, 0);
  set(3, 8);
  call(135);
  const wait = words.length;
  stackTo(0);
  set(1, 0);
  set(2, 0);
  set(3, 8);
  call(137);
  const exit = wait + 21;
  compare(2);
  branchIf(equal, exit);
  compare(15);
  branchIf(equal, exit);
  compare(17);
  branchIf(notEqual, wait);
  const reap = words.length;
  allOnes(0);
  set(1, 0);
  set(2, 1);
  set(3, 0);
  call(260);
  compare(0);
  branchIf(greater, reap);
  words.push((0x14000000 | ((wait - words.length) & 0x3ffffff)) >>> 0);
  if (words.length > exit) throw new Error('the exit is not where the branches lead');
  while (words.length < exit) words.push(0xd503201f); // nop
  set(0, 0);
  call(93);
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32LE(word, index * 4);
  return bytes;
}

/** An ELF executable (System V ABI, 64 bits) with one segment that holds all of it. */
function executable(machine: number, code: Uint8Array): Uint8Array {
  const [headers, base] = [64 + 56, 0x400000n];
  const size = BigInt(headers + code.length);
  const file = Buffer.alloc(headers);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(base + BigInt(headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program headers
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // load
  file.writeUInt32LE(5, 68); // read, execute
  file.writeBigUInt64LE(base, 80);
  file.writeBigUInt64LE(base, 88);
  file.writeBigUInt64LE(size, 96);
  file.writeBigUInt64LE(size, 104);
  file.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([file, code]);
}

/** The pause program for Node's name of an architecture. @throws ImageBuildError for one that it is not written for */
export function pauseProgram(architecture: string): Uint8Array {
  if (architecture === 'x64') return executable(62, assembleAmd64(amd64));
  if (architecture === 'arm64') return executable(183, assembleArm64());
  throw new ImageBuildError(`there is no pause program for ${architecture}`);
}
