import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { join } from '../../test/lab/bytes.ts';
import { block, type Packet, pcap, pcapng } from '../../test/lab/pcapfile.ts';
import { BLOCK_FRAMES, openFiles, spanOf } from './file.ts';
import { type Block, InputError, type SourceReport } from './source.ts';
import { MAX_FRAME } from './window.ts';

type Frame = { bytes: string; at: number; length: number; interfaceId: number; linktype: number };
type Result = { frames: Frame[]; report: SourceReport };

const START = 1_763_000_000_000;
let folder = '';
before(() => {
  folder = mkdtempSync(joinPath(tmpdir(), 'stillwatch-'));
});
after(() => rmSync(folder, { recursive: true }));

function save(name: string, bytes: Uint8Array): string {
  const path = joinPath(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function read(...paths: string[]): Promise<Result> {
  const frames: Frame[] = [];
  const report = await openFiles(paths).frames((b) => collect(b, frames));
  assert.equal(report.frames, frames.length);
  return { frames, report };
}

function collect(b: Block, into: Frame[]): void {
  for (let i = 0; i < b.count; i++) {
    const bytes = Buffer.from(b.view.buffer, b.offset[i], b.captured[i]).toString('hex');
    into.push({ bytes, at: b.at[i]!, length: b.length[i]!, interfaceId: b.interfaceId[i]!, linktype: b.linktype[i]! });
  }
}

/** `n` packets 1.25 ms apart, of 0, 1, 2, ... bytes. */
const packets = (n: number): Packet[] => Array.from({ length: n }, (_, i) => ({ at: START + i * 1.25, bytes: new Uint8Array(i).fill(i) }));

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof InputError, String(error));
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

describe('pcap', () => {
  for (const bigEndian of [false, true]) {
    for (const nano of [false, true]) {
      test(`${bigEndian ? 'big' : 'little'}-endian, ${nano ? 'nano' : 'micro'}seconds`, async () => {
        const { frames, report } = await read(save('a.pcap', pcap(packets(5), { bigEndian, nano, linktype: 113 })));
        assert.deepEqual(report.warnings, []);
        assert.deepEqual(report.interfaces, [{ name: 'a.pcap', linktype: 113, dropped: null }]);
        assert.deepEqual(frames[3], { bytes: '030303', at: START + 3.75, length: 3, interfaceId: 0, linktype: 113 });
        assert.equal(frames[0]?.bytes, '');
      });
    }
  }

  test("Kuznetzov's record header is 8 bytes longer", async () => {
    const file = Buffer.from('a1b2cd340002000400000000000000000000ffff00000001' + '6916850000000007000000020000003c0000000308000000abcd', 'hex');
    const { frames } = await read(save('k.pcap', file));
    assert.deepEqual(frames, [{ bytes: 'abcd', at: 0x69168500 * 1000 + 0.007, length: 60, interfaceId: 0, linktype: 1 }]);
  });

  test('keeps the size on the wire, and never believes less than was captured or more than 2^31', async () => {
    const given = [100, 1, 0xffffffff].map((length) => ({ at: START, bytes: new Uint8Array(4), length }));
    const { frames } = await read(save('l.pcap', pcap(given)));
    assert.deepEqual(
      frames.map((f) => f.length),
      [100, 4, 4],
    );
  });

  test('the link type is the lower half of its word', async () => {
    const file = pcap(packets(2));
    file.set([0x01, 0x00, 0x00, 0x54], 20);
    assert.equal((await read(save('f.pcap', file))).frames[0]?.linktype, 1);
  });

  test('a frame too large to be one ends the reading with a warning', async () => {
    const file = pcap(packets(4));
    new DataView(file.buffer).setUint32(24 + 16 * 3 + 3 + 8, MAX_FRAME + 1, true);
    const path = save('big.pcap', file);
    const { frames, report } = await read(path);
    assert.equal(frames.length, 3);
    assert.deepEqual(report.warnings, [`${path}: frame 4 claims 262145 bytes (262144 at most); read up to there`]);
  });

  test('the largest frame is read', async () => {
    const { frames, report } = await read(save('max.pcap', pcap([...packets(3), { at: START, bytes: new Uint8Array(MAX_FRAME).fill(7) }, ...packets(2)])));
    assert.equal(frames[3]?.bytes.length, MAX_FRAME * 2);
    assert.equal(frames.length, 6);
    assert.deepEqual(report.warnings, []);
  });

  test('more frames than a block or the memory holds', async () => {
    const n = BLOCK_FRAMES * 2 + 5;
    const many = Array.from({ length: n }, (_, i) => ({ at: START + i, bytes: new Uint8Array(60).fill(i) }));
    const { frames } = await read(save('many.pcap', pcap(many)));
    assert.equal(frames.length, n);
    assert.ok(frames.every((f, i) => f.at === START + i && f.bytes === (i & 0xff).toString(16).padStart(2, '0').repeat(60)));
  });
});

describe('pcapng', () => {
  test('sections of either byte order, each with interfaces of its own', async () => {
    const one = { interfaces: [{ name: 'eth0' }, { linktype: 101, tsresol: 9 }], packets: packets(4).map((p, i) => ({ ...p, on: i & 1 })) };
    const two = { bigEndian: true, interfaces: [{ name: 'span', tsresol: 0x8a, tsoffset: 3600, dropped: 12 }], packets: packets(9).slice(8) };
    const { frames, report } = await read(save('s.pcapng', pcapng(one, two)));
    assert.deepEqual(report.warnings, []);
    assert.deepEqual(report.interfaces, [
      { name: 'eth0', linktype: 1, dropped: null },
      { name: 's.pcapng#1', linktype: 101, dropped: null },
      { name: 'span', linktype: 1, dropped: 12 },
    ]);
    assert.deepEqual(
      frames.map((f) => [f.at - START, f.interfaceId, f.linktype]),
      [
        [0, 0, 1],
        [1.25, 1, 101],
        [2.5, 0, 1],
        [3.75, 1, 101],
        [9.765625, 2, 1],
      ],
    );
  });

  test('if_tsoffset may be negative', async () => {
    const { frames } = await read(save('n.pcapng', pcapng({ interfaces: [{ tsoffset: -7200 }], packets: packets(2) })));
    assert.equal(frames[1]?.at, START + 1.25);
  });

  test('simple packets take the time before them, and the reader is told', async () => {
    const path = save('p.pcapng', pcapng({ interfaces: [{ snaplen: 2 }], packets: packets(4), simple: true }));
    const { frames, report } = await read(path);
    assert.deepEqual(
      frames.map((f) => [f.bytes, f.length, f.at]),
      [
        ['', 0, 0],
        ['01', 1, 0],
        ['0202', 2, 0],
        ['0303', 3, 0],
      ],
    );
    assert.deepEqual(report.warnings, [`${path}: 4 frames carry no time (simple packet blocks); each was given the time of the frame before it`]);
  });

  test('obsolete packet blocks, with the frames lost before them', async () => {
    const body = Buffer.from(`00000500${'00064357'}${'00000001'}${'03000000'}${'3c000000'}aabbcc`, 'hex');
    const { frames, report } = await read(save('o.pcapng', join(pcapng({ packets: [] }), block(2, body))));
    assert.deepEqual(
      frames.map((f) => [f.bytes, f.length]),
      [['aabbcc', 60]],
    );
    assert.equal(report.interfaces[0]?.dropped, 5);
  });

  test('unknown blocks are passed over, even those larger than the memory for them', async () => {
    const head = pcapng({ packets: packets(2) });
    const tail = pcapng({ packets: packets(3) });
    const { frames, report } = await read(save('u.pcapng', join(head, block(0x0bad, new Uint8Array(3_000_000)), block(10, new Uint8Array(1)), tail)));
    assert.equal(frames.length, 5);
    assert.deepEqual(report.warnings, []);
  });

  test('what is corrupt is said once', async () => {
    const good = pcapng({ packets: packets(2) });
    const cases: [Uint8Array, RegExp][] = [
      [block(6, join([9, 0, 0, 0], new Uint8Array(16))), /frame 3 is of interface 9, which was not described; read up to there$/],
      [block(6, join(new Uint8Array(12), [255, 0, 0, 0], new Uint8Array(4))), /frame 3 claims 255 bytes in a block of 32;/],
      [join([6, 0, 0, 0], [13, 0, 0, 0], new Uint8Array(24)), /a block after frame 2 claims 13 bytes;/],
      [join([6, 0, 0, 0], [32, 0, 0, 0], new Uint8Array(24)), /the block of frame 3 has 32 bytes by its start and 0 by its end;/],
      [join([6, 0, 0, 0], [0, 0, 0, 4], new Uint8Array(24)), /the block of frame 3 claims 67108864 bytes/],
      [block(0x0a0d0d0a, new Uint8Array(16)), /the section header after frame 2 has no byte-order magic;/],
      [join([4, 0, 0, 0], [252, 255, 255, 255], new Uint8Array(24)), /ends inside a block after frame 2 \(32 of 4294967292 bytes\); read up to there$/],
    ];
    for (const [broken, pattern] of cases) {
      const { frames, report } = await read(save('c.pcapng', join(good, broken)));
      assert.equal(frames.length, 2);
      assert.equal(report.warnings.length, 1, pattern.source);
      assert.match(report.warnings[0]!, pattern);
    }
  });
});

describe('files', () => {
  test('several read as one capture', async () => {
    const a = save('a.pcap', pcap(packets(2)));
    const b = save('b.pcapng', pcapng({ interfaces: [{ name: 'x' }, { name: 'y' }], packets: packets(2).map((p) => ({ ...p, on: 1 })) }));
    const { frames, report } = await read(a, b, a);
    assert.deepEqual(
      frames.map((f) => f.interfaceId),
      [0, 0, 2, 2, 3, 3],
    );
    assert.deepEqual(
      report.interfaces.map((i) => i.name),
      ['a.pcap', 'x', 'y', 'a.pcap'],
    );
  });

  test('gzip is known by its content, members follow one another', async () => {
    const file = pcap(packets(50));
    const path = save('z.pcap', join(gzipSync(file.subarray(0, 300)), gzipSync(file.subarray(300))));
    const { frames, report } = await read(path);
    assert.equal(frames.length, 50);
    assert.deepEqual(report.warnings, []);
  });

  test('gzip that is cut or damaged gives what can be read', async () => {
    const noise = Uint8Array.from({ length: 120_000 }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const z = gzipSync(pcap(Array.from({ length: 200 }, (_, i) => ({ at: START + i, bytes: noise.slice(i * 600, (i + 1) * 600) }))));
    const cut = await read(save('cut.gz', z.subarray(0, z.length - 12)));
    assert.ok(cut.frames.length > 150 && cut.frames.length < 201, String(cut.frames.length));
    assert.match(cut.report.warnings.join(), /cut\.gz: the compressed data is cut short after frame \d+; read up to there$/);
    const trailer = await read(save('trailer.gz', z.subarray(0, z.length - 2)));
    assert.equal(trailer.frames.length, 200);
    assert.equal(trailer.report.warnings.length, 1);
    const bad = await read(save('bad.gz', join(z, [1, 2, 3])));
    assert.ok(bad.frames.length > 150, String(bad.frames.length));
    assert.match(bad.report.warnings.join(), /bad\.gz: the compressed data is damaged after frame \d+; read up to there$/);
  });

  test('standard input, in pieces that end anywhere', async () => {
    const file = pcapng({ packets: packets(40) });
    const pieces = Array.from({ length: Math.ceil(file.length / 7) }, (_, i) => Buffer.from(file.subarray(i * 7, i * 7 + 7)));
    const frames: Frame[] = [];
    const report = await openFiles(['-'], () => Readable.from(pieces)).frames((b) => collect(b, frames));
    assert.equal(frames.length, 40);
    assert.deepEqual(report.warnings, []);
    assert.equal(report.interfaces[0]?.name, 'standard input');
    await assert.rejects(
      openFiles(['-'], () => Readable.from([])).frames(() => {}),
      refused(/^standard input: is empty/),
    );
    await assert.rejects(
      openFiles(['-', '-']).frames(() => {}),
      refused(/named twice/),
    );
  });

  test('a pipe is read as it comes and can be left', async () => {
    const path = joinPath(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const file = pcap(packets(4));
    const source = openFiles([path]);
    const { open } = await import('node:fs/promises');
    const [writer, report] = await Promise.all([
      open(path, 'w').then(async (handle) => {
        await handle.write(file);
        return handle;
      }),
      source.frames((b) => {
        if (b.count > 0) source.stop();
      }),
    ]);
    await writer.close();
    assert.deepEqual([report.frames, report.warnings], [4, []]);
  });

  test('stop ends at a block, without a warning', async () => {
    const many = Array.from({ length: BLOCK_FRAMES + 10 }, () => ({ at: START, bytes: new Uint8Array(0) }));
    const source = openFiles([save('stop.pcap', pcap(many))]);
    const report = await source.frames(() => source.stop());
    assert.deepEqual([report.frames, report.warnings], [BLOCK_FRAMES, []]);
  });

  test('a block is waited for before its memory is used again', async () => {
    const path = save('wait.pcap', pcap(Array.from({ length: 3 }, (_, i) => ({ at: START, bytes: new Uint8Array(200_000).fill(i + 1) }))));
    const seen: number[] = [];
    await openFiles([path]).frames(async (b) => {
      await new Promise((done) => setTimeout(done, 5));
      for (let i = 0; i < b.count; i++) seen.push(b.view.getUint8(b.offset[i]! + 199_999));
    });
    assert.deepEqual(seen, [1, 2, 3]);
  });

  test('a capture without frames is a warning', async () => {
    for (const [name, bytes] of [
      ['0.pcap', pcap([])],
      ['0.pcapng', pcapng({ packets: [] })],
      ['0.gz', gzipSync(pcap([]))],
    ] as const) {
      const path = save(name, bytes);
      assert.deepEqual((await read(path)).report.warnings, [`${path}: holds no frames`]);
    }
  });

  test('what a user must fix', async () => {
    await assert.rejects(read(joinPath(folder, 'none.pcap')), refused(/none\.pcap: no such file; check the path$/));
    await assert.rejects(read(folder), refused(/: is a directory; name the capture files in it$/));
    await assert.rejects(read(save('empty.pcap', new Uint8Array(0))), refused(/empty\.pcap: is empty/));
    await assert.rejects(
      read(save('hello', Buffer.from('hello'))),
      refused(/hello: is not a capture \(starts with 68 65 6c 6c 6f\); pcap and pcapng are read, plain or gzip$/),
    );
    await assert.rejects(read(save('short', Buffer.from([0xd4, 0xc3]))), refused(/short: is not a capture/));
    await assert.rejects(read(save('z.zst', Buffer.from('28b52ffd00', 'hex'))), refused(/z\.zst: is zstd; unpack it first \(zstd -d\)$/));
    await assert.rejects(read(save('zz.gz', gzipSync(gzipSync(pcap([]))))), refused(/zz\.gz: is gzip within gzip/));
    await assert.rejects(read(save('cut.gz', gzipSync(pcap([])).subarray(0, 11))), refused(/cut\.gz: the compressed data is cut short$/));
    await assert.rejects(read('a\0b'), refused(/^a\\0b: /));
  });

  test('all paths are looked at before the first frame', async () => {
    let blocks = 0;
    const source = openFiles([save('ok.pcap', pcap(packets(3))), joinPath(folder, 'missing.pcap')]);
    await assert.rejects(
      source.frames(() => {
        blocks++;
      }),
      refused(/missing\.pcap/),
    );
    assert.equal(blocks, 0);
  });
});

describe('spanOf', () => {
  test('first and last time whatever the order, frames and bytes on the wire', async () => {
    const shuffled = [3, 1, 2].map((i) => ({ at: START + i, bytes: new Uint8Array(10), length: 100 * i }));
    const path = save('span.pcap', pcap(shuffled));
    assert.deepEqual(await spanOf([path, path]), { first: START + 1, last: START + 3, frames: 6, bytes: 1200 });
    assert.deepEqual(await spanOf([save('none.pcap', pcap([]))]), { first: 0, last: 0, frames: 0, bytes: 0 });
    await assert.rejects(spanOf([path, '-']), refused(/standard input/));
  });
});

describe('hostile bytes', () => {
  const whole: [string, Uint8Array][] = [
    ['pcap', pcap(packets(4))],
    ['pcapng', pcapng({ interfaces: [{ name: 'eth0', dropped: 1 }], packets: packets(3) }, { bigEndian: true, packets: packets(2), simple: true })],
  ];
  for (const [kind, file] of whole) {
    test(`every prefix of a ${kind} gives no more frames and one warning at most`, async () => {
      let last = 0;
      for (let n = 1; n < file.length; n++) {
        const path = save('prefix', file.subarray(0, n));
        const result = await read(path).catch((error) => assert.ok(refused(/./)(error)));
        if (result === undefined) {
          assert.ok(n < 4, `${n} bytes were refused`);
          continue;
        }
        assert.ok(result.frames.length >= last && result.frames.length <= 5);
        assert.ok(result.report.warnings.filter((w) => /read up to there|no frames/.test(w)).length <= 1);
        last = result.frames.length;
      }
      assert.ok(last >= 3);
    });

    test(`a ${kind} with random bytes in it never throws`, async () => {
      let seed = 0x5eed;
      const random = (n: number) => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return Math.floor((seed / 2 ** 32) * n);
      };
      for (let round = 0; round < 1500; round++) {
        const bytes = file.slice();
        for (let k = random(4); k >= 0; k--) bytes[4 + random(bytes.length - 4)] = random(3) === 0 ? 0xff : random(256);
        const { frames, report } = await read(save('fuzz', bytes));
        assert.ok(frames.length <= file.length / 16);
        assert.ok(report.warnings.length <= 2, report.warnings.join('\n'));
      }
    });
  }
});

describe('the captures of others', { skip: missing() }, () => {
  const root = new URL('../../../shared/captures/', import.meta.url).pathname;
  const files = existsSync(root)
    ? (readdirSync(root, { recursive: true }) as string[]).filter((name) => /\.pcap(ng)?$/.test(name) && statSync(root + name).isFile())
    : [];

  test('there are some', () => assert.ok(files.length > 30));
  for (const name of files) {
    test(name, async () => {
      const path = root + name;
      const { frames, report } = await read(path);
      assert.deepEqual(report.warnings, []);
      const told = execFileSync('capinfos', ['-c', '-M', '-T', '-r', path], { encoding: 'utf8' }).trim().split('\t');
      assert.equal(frames.length, Number(told[1]));
      const times = execFileSync('tshark', ['-n', '-r', path, '-T', 'fields', '-e', 'frame.time_epoch'], {
        encoding: 'utf8',
        maxBuffer: 1 << 26,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const epochs = times.trim().split('\n');
      for (const i of [0, epochs.length - 1])
        assert.ok(Math.abs(frames[i]!.at - epoch(epochs[i]!)) < 0.0005, `frame ${i + 1}: ${frames[i]!.at} and ${epochs[i]}`);
    });
  }
});

const epoch = (text: string) => Number(text.split('.')[0]) * 1000 + Number(`0.${text.split('.')[1]}`) * 1000;

/** Why the comparison can't be made here; throws where it has to be. */
function missing(): string | false {
  const shared = existsSync(new URL('../../../shared/captures/', import.meta.url));
  const tools = ['tshark', 'capinfos'].every((tool) => (process.env['PATH'] ?? '').split(':').some((place) => existsSync(joinPath(place, tool))));
  const reason = !shared ? 'no captures beside the repository' : !tools ? 'tshark and capinfos are not installed' : '';
  if (reason !== '' && process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(reason);
  return reason === '' ? false : reason;
}
