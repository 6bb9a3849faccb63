/** Exchanges of every public function with values by chance, within the specification (V1.1b3 section 6). */
import { join, u16 } from './lab/bytes.ts';

export type Chance = (below: number) => number;
/** A request PDU and the response PDU that answers it. */
export type Exchange = { code: number; request: Uint8Array; response: Uint8Array };

/** Bounds of section 6; `few` keeps most messages short, as on the wire. */
const few = (next: Chance, most: number): number => 1 + next(next(8) === 0 ? most : Math.min(most, 20));
const word = (next: Chance): number[] => u16(next(next(4) === 0 ? 4 : 65_536));
const words = (next: Chance, count: number): number[] => Array.from({ length: count }, () => word(next)).flat();
const text = (next: Chance, size: number): number[] => Array.from({ length: size }, () => 0x21 + next(0x5e));

/** Bits as bytes; those behind the last are zero. */
function bits(next: Chance, count: number): number[] {
  const bytes = Array.from({ length: (count + 7) >> 3 }, () => next(256));
  const over = bytes.length * 8 - count;
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) & (0xff >> over);
  return bytes;
}

/** An address with room for `count` behind it. */
const place = (next: Chance, count: number): number[] => u16(next(65_537 - count));

type Maker = (next: Chance) => [request: readonly number[], response: readonly number[]];

const readBits =
  (code: number): Maker =>
  (next) => {
    const count = few(next, 2000);
    const values = bits(next, count);
    return [
      [code, ...place(next, count), ...u16(count)],
      [code, values.length, ...values],
    ];
  };

const readWords =
  (code: number): Maker =>
  (next) => {
    const count = few(next, 125);
    return [
      [code, ...place(next, count), ...u16(count)],
      [code, count * 2, ...words(next, count)],
    ];
  };

const echoed =
  (make: (next: Chance) => readonly number[]): Maker =>
  (next) => {
    const pdu = make(next);
    return [pdu, pdu];
  };

const writeMany =
  (code: 15 | 16): Maker =>
  (next) => {
    const count = few(next, code === 15 ? 1968 : 123);
    const values = code === 15 ? bits(next, count) : words(next, count);
    const head = [code, ...place(next, count), ...u16(count)];
    return [[...head, values.length, ...values], head];
  };

/** Sub-functions whose two data bytes a server answers with a number, or with an echo. */
const SUBS = [0, 2, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20];

const diagnostics: Maker = (next) => {
  const sub = SUBS[next(SUBS.length)] as number;
  const data = sub === 0 ? words(next, 1) : [0, 0];
  return [
    [8, ...u16(sub), ...data],
    [8, ...u16(sub), ...(sub === 0 || sub === 10 || sub === 20 ? data : word(next))],
  ];
};

const eventLog: Maker = (next) => {
  const events = Array.from({ length: next(65) }, () => next(256));
  return [[12], [12, 6 + events.length, ...words(next, 3), ...events]];
};

const readFile: Maker = (next) => {
  const lengths = Array.from({ length: 1 + next(3) }, () => 1 + next(20));
  const asked = lengths.flatMap((length) => [6, ...u16(1 + next(10)), ...u16(next(10_000)), ...u16(length)]);
  const told = lengths.flatMap((length) => [1 + 2 * length, 6, ...words(next, length)]);
  return [
    [20, asked.length, ...asked],
    [20, told.length, ...told],
  ];
};

const writeFile = echoed((next) => {
  const groups = Array.from({ length: 1 + next(3) }, () => 1 + next(20)).flatMap((length) => [
    6,
    ...u16(1 + next(10)),
    ...u16(next(10_000)),
    ...u16(length),
    ...words(next, length),
  ]);
  return [21, groups.length, ...groups];
});

const exchange: Maker = (next) => {
  const [read, written] = [few(next, 125), few(next, 121)];
  return [
    [23, ...place(next, read), ...u16(read), ...place(next, written), ...u16(written), written * 2, ...words(next, written)],
    [23, read * 2, ...words(next, read)],
  ];
};

const fifo: Maker = (next) => {
  const count = next(32);
  return [
    [24, ...word(next)],
    [24, ...u16(2 + 2 * count), ...u16(count), ...words(next, count)],
  ];
};

const identification: Maker = (next) => {
  const first = next(4);
  const objects = Array.from({ length: 1 + next(7 - first) }, () => text(next, 1 + next(20)));
  const level = 1 + next(3);
  return [
    [43, 14, level, first],
    [43, 14, level, 0x80 | level, 0, 0, objects.length, ...objects.flatMap((object, i) => [first + i, object.length, ...object])],
  ];
};

const serverId: Maker = (next) => {
  const id = [next(256), next(2) * 0xff, ...text(next, next(30))];
  return [[17], [17, id.length, ...id]];
};

const MAKERS: readonly Maker[] = [
  readBits(1),
  readBits(2),
  readWords(3),
  readWords(4),
  echoed((next) => [5, ...word(next), next(2) * 0xff, 0]),
  echoed((next) => [6, ...word(next), ...word(next)]),
  (next) => [[7], [7, next(256)]],
  diagnostics,
  (next) => [[11], [11, ...words(next, 2)]],
  eventLog,
  writeMany(15),
  writeMany(16),
  serverId,
  readFile,
  writeFile,
  echoed((next) => [22, ...words(next, 3)]),
  exchange,
  fifo,
  identification,
];

/** One exchange; one in `refused` is answered with an exception (0: none). */
export function randomExchange(next: Chance, refused = 10): Exchange {
  const [request, response] = (MAKERS[next(MAKERS.length)] as Maker)(next);
  const code = request[0] as number;
  const no = refused > 0 && next(refused) === 0;
  return { code, request: Uint8Array.from(request), response: Uint8Array.from(no ? [code | 0x80, 1 + next(6)] : response) };
}

/** A PDU behind an MBAP header. */
export const mbap = (transaction: number, unit: number, pdu: Uint8Array): Uint8Array => join(u16(transaction), [0, 0], u16(pdu.length + 1), [unit], pdu);
