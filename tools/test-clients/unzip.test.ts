import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { zipEntries } from './unzip.ts';

/** An archive as zip makes it: local headers with their bytes, then the directory, then its end. */
function archive(files: Readonly<Record<string, Buffer>>, comment = ''): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const method = bytes.length > 20 ? 8 : 0;
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const sizes = Buffer.alloc(16);
    sizes.writeUInt32LE(crc32(bytes), 0);
    sizes.writeUInt32LE(packed.length, 4);
    sizes.writeUInt32LE(bytes.length, 8);
    sizes.writeUInt16LE(name.length, 12);
    const start = Buffer.from([20, 0, 0, 0, method, 0, 0, 0, 0, 0]);
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), start, sizes, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), start, sizes, rest, Buffer.from(name)]));
    bodies.push(body);
    offset += body.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...bodies, ...directory, end, Buffer.from(comment)]);
}

const long = Buffer.from('kubectl '.repeat(1000));
const files = { 'kubectl/': Buffer.alloc(0), 'kubectl/kubectl': long, 'kubectl/short': Buffer.from('short') };

test('files come out as they went in, stored or packed, with a comment behind them or without', () => {
  for (const comment of ['', 'made for a test'.repeat(100)]) {
    const entries = zipEntries(archive(files, comment));
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['kubectl/kubectl', 'kubectl/short'],
    );
    assert.ok(entries[0]!.read().equals(long));
    assert.equal(entries[1]!.read().toString(), 'short');
  }
});

test('what is damaged, or is no archive, is refused', () => {
  const bytes = archive(files);
  const changed = Buffer.from(bytes);
  changed[bytes.indexOf('short', bytes.indexOf('kubectl/short') + 13)]! ^= 1;
  assert.throws(() => zipEntries(changed)[1]!.read(), /kubectl\/short is damaged/);
  assert.throws(() => zipEntries(bytes.subarray(0, bytes.length - 22)), /no ZIP archive/);
  assert.throws(() => zipEntries(Buffer.alloc(3)), /no ZIP archive/);
});
