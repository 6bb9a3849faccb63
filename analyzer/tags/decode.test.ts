import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, numberIn, type Reading } from './decode.ts';
import { type NumberType, type Tag, WORD_ORDERS, type WordOrder, widthOf } from './tag.ts';

const tag = (part: Partial<Tag>): Tag => ({
  server: '10.0.0.9',
  unit: 1,
  table: 'holding_registers',
  address: 0,
  bit: null,
  name: 'x',
  type: 'uint16',
  length: 0,
  order: null,
  scale: 1,
  offset: 0,
  eu: '',
  low: null,
  high: null,
  ...part,
});

/** The registers of a value in an order, made by shuffling the bytes of what Buffer writes. */
function registers(bytes: Buffer, order: WordOrder): number[] {
  const words = Array.from({ length: bytes.length / 2 }, (_, n) => bytes.readUInt16BE(2 * n));
  const turned = order === 'CDAB' || order === 'DCBA' ? words.reverse() : words;
  return order === 'BADC' || order === 'DCBA' ? turned.map((word) => ((word & 0xff) << 8) | (word >> 8)) : turned;
}

function written(size: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(size);
  write(buffer);
  return buffer;
}

const VALUES: [type: NumberType, bytes: Buffer, value: number | bigint][] = [
  ['int16', written(2, (b) => b.writeInt16BE(-1234)), -1234],
  ['uint16', written(2, (b) => b.writeUInt16BE(64_302)), 64_302],
  ['int32', written(4, (b) => b.writeInt32BE(-123_456_789)), -123_456_789],
  ['uint32', written(4, (b) => b.writeUInt32BE(4_000_000_001)), 4_000_000_001],
  ['int64', written(8, (b) => b.writeBigInt64BE(-1_234_567_890_123n)), -1_234_567_890_123n],
  ['uint64', written(8, (b) => b.writeBigUInt64BE(18_000_000_000_000_000_001n)), 18_000_000_000_000_000_001n],
  ['float32', written(4, (b) => b.writeFloatBE(-12.34)), -12.34],
  ['float64', written(8, (b) => b.writeDoubleBE(6.022_140_76e23)), 6.022_140_76e23],
  ['bcd16', Buffer.from('9041', 'hex'), 9041],
  ['bcd32', Buffer.from('12345678', 'hex'), 12_345_678],
];

test('every type is read in every order of words and bytes', () => {
  for (const [type, bytes, value] of VALUES)
    for (const order of WORD_ORDERS) assert.equal(numberIn(type, registers(bytes, order), order), value, `${type} ${order}`);
});

test('a value of several registers is not decoded without its word order, one of a single register is', () => {
  for (const [type, bytes] of VALUES) {
    const read = decode(tag({ type }), registers(bytes, 'ABCD'));
    assert.equal(read.state, widthOf({ type, length: 0 }) > 1 ? 'undecided' : null, type);
    assert.equal(read.value === null, widthOf({ type, length: 0 }) > 1, type);
  }
});

test('scale and offset give engineering units, limits a state', () => {
  const cases: [part: Partial<Tag>, registers: (number | null)[], reading: Reading][] = [
    [{ scale: 0.1, low: 0, high: 20, eu: 'm' }, [123], { value: 12.3, state: 'ok' }],
    [{ scale: 0.1, low: 0, high: 10 }, [123], { value: 12.3, state: 'high' }],
    [{ type: 'int16', scale: 0.5, offset: -10, low: -20 }, [65_526], { value: -15, state: 'ok' }],
    [{ type: 'int16', scale: 0.5, offset: -10, low: -5 }, [65_526], { value: -15, state: 'low' }],
    [{ type: 'float32', order: 'CDAB', scale: 2 }, [0, 0x4148], { value: 25, state: null }],
    [{ type: 'float32', order: 'ABCD' }, [0x3dcc, 0xcccd], { value: 0.1, state: null }],
    [{ type: 'float32', order: 'ABCD' }, [0x7fc0, 0], { value: null, state: 'unreadable' }],
    [{ type: 'bcd16' }, [0x12a4], { value: null, state: 'unreadable' }],
    [{ type: 'uint64', order: 'ABCD' }, [0xffff, 0xffff, 0xffff, 0xffff], { value: '18446744073709551615', state: null }],
    [{ type: 'bool', bit: 3 }, [8], { value: true, state: null }],
    [{ type: 'bool', bit: 15 }, [0x7fff], { value: false, state: null }],
    [{ type: 'bool', table: 'coils' }, [1], { value: true, state: null }],
    [{ type: 'uint32', order: 'ABCD' }, [1, null], { value: null, state: 'unreadable' }],
    [{ type: 'uint32', order: 'ABCD' }, [1], { value: null, state: 'unreadable' }],
  ];
  for (const [part, words, reading] of cases) assert.deepEqual(decode(tag(part), words), reading, JSON.stringify(part));
});

test('text ends at the first NUL, has the bytes of each register in order, and nothing that moves a cursor', () => {
  const text = (words: number[], part: Partial<Tag> = {}) => decode(tag({ type: 'string', length: words.length * 2, ...part }), words).value;
  assert.equal(text([0x5055, 0x4d50, 0x2031, 0x0041]), 'PUMP 1');
  assert.equal(text([0x5550, 0x504d], { order: 'BADC' }), 'PUMP');
  assert.equal(text([0x5055, 0x4d50], { length: 3 }), 'PUM');
  assert.equal(text([0x411b, 0x5b41]), 'A [A');
  assert.equal(text([0xff41, 0x4242]), '\ufffdABB');
});
