/** What a real client reads and writes on a secured channel, read with the keys of its applications: the values are those of the client. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Observation, Value } from '../../sensor/observation.ts';
import type { Keyring } from '../../sensor/protocols/opcua/keys/keyring.ts';
import { loadKeys } from '../../sensor/protocols/opcua/keys/load.ts';
import { pcap } from '../lab/pcapfile.ts';
import { flawsOf, only } from '../opcua-wire.ts';
import { type Frame, random, sense } from '../sense.ts';
import { at } from '../tree.ts';
import { DataType, MODES, POLICIES, RECIPE, type Recorded, read, record, SETPOINT, USER, withKeyLog, write } from './secured.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const VALUES = [7.25, -0.1, 1e300];
const SECURED = ['CreateSession', 'ActivateSession', 'Write', 'Read', 'CloseSession', 'CloseSecureChannel'];

type Node = { node_id: string; value: Value; status: string };
const nodesOf = (o: Observation): Node[] => o['opcua.nodes'] as Node[];
const valuesOf = (observations: Observation[], service: string): Value[] => only(observations, service).flatMap((o) => nodesOf(o).map(({ value }) => value));
/** What was said of the channel under the policy. */
const secured = (observations: Observation[]): Observation[] =>
  observations.filter((o) => !['None', undefined, null].includes(o['opcua.security_policy'] as string));
const opaqueRows = (observations: Observation[]): Observation[] => observations.filter((o) => o.kind === 'opcua' && o['opcua.visibility'] === 'opaque');

async function writeAndRead(session: Parameters<Parameters<typeof record>[1]['work']>[0]): Promise<void> {
  for (const value of VALUES) {
    await write(session, SETPOINT, DataType.Double, value);
    assert.equal(await read(session, SETPOINT), value);
  }
}

/** The same frames with one bit turned over, `back` bytes before the end of that frame. */
function flipped(frames: readonly Frame[], frame: number, back: number): Frame[] {
  return frames.map((one, i) => {
    if (i !== frame - 1) return one;
    const bytes = one.bytes.slice();
    bytes[bytes.length - back] = (bytes[bytes.length - back] as number) ^ 1;
    return { ...one, bytes };
  });
}

/** The lines of a PEM file's body: none of them may show anywhere. */
const secretsOf = ({ client, server }: Recorded): string[] =>
  [client, server].flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.length > 30 && !line.startsWith('-')),
  );

for (const policy of POLICIES) {
  for (const mode of MODES) {
    describe(`${policy}, ${mode}`, () => {
      let recorded: Recorded;
      before(async () => {
        recorded = await record(folder, { policy, mode, work: writeAndRead });
      });
      const keys = () => loadKeys([recorded.client, recorded.server]);

      it('with both private keys every message is verified and every value read', () => {
        const ring = keys();
        const { observations, rows } = sense(recorded.frames, { keys: ring });
        // Reads that come again are rows, as in clear.
        assert.ok(rows >= VALUES.length, `${rows} rows`);
        assert.deepEqual(valuesOf(observations, 'Write'), VALUES);
        assert.deepEqual(valuesOf(observations, 'Read'), VALUES);
        const all = secured(observations);
        for (const service of SECURED) assert.ok(only(all, service).length > 0, service);
        for (const o of all) {
          assert.equal(o['opcua.signature'], 'verified', JSON.stringify(o));
          const opening = o['opcua.message_type'] === 'OPN';
          assert.equal(o['opcua.visibility'], mode === 'Sign' && !opening ? 'signed' : 'decrypted');
          assert.equal(o['opcua.security_mode'], mode);
          if (opening) assert.equal(typeof o['opcua.lifetime'], 'number');
        }
        assert.deepEqual(flawsOf(observations), []);
        assert.deepEqual(ring.warnings(), []);
      });

      it('the same comes out frame by frame', () => {
        assert.deepEqual(sense(recorded.frames, { keys: keys(), each: true }).observations, sense(recorded.frames, { keys: keys() }).observations);
      });

      it('without keys nothing is claimed', () => {
        const { observations } = sense(recorded.frames);
        assert.deepEqual(valuesOf(observations, 'Write'), mode === 'Sign' ? VALUES : []);
        assert.equal(opaqueRows(observations).length > 0, mode === 'SignAndEncrypt');
        for (const o of observations) assert.equal(o['opcua.signature'], undefined);
        for (const o of secured(observations)) assert.notEqual(o['opcua.visibility'], 'decrypted');
      });

      it('a bit turned over anywhere in a message is found, and what follows is read on', () => {
        const clean = sense(recorded.frames, { keys: keys() }).observations;
        const write = only(clean, 'Write')[1] as Observation;
        const whole = (recorded.frames[(write['request_frame'] as number) - 1] as Frame).bytes.length;
        // Behind the message header, channel and token; those in front decide which message it is.
        for (let back = 1; back < whole - 54 - 16; back += 17) {
          const { observations } = sense(flipped(recorded.frames, write['request_frame'] as number, back), { keys: keys() });
          assert.ok(flawsOf(observations).includes('bad_signature'), `${back} bytes from the end`);
          assert.deepEqual(valuesOf(observations, 'Read'), VALUES);
          assert.equal(observations.filter((o) => o['opcua.signature'] === 'bad').length <= 1, true);
        }
      });
    });
  }
}

describe('a signed message that was changed', () => {
  let recorded: Recorded;
  before(async () => {
    recorded = await record(folder, { policy: 'Basic256Sha256', mode: 'Sign', work: writeAndRead });
  });

  it('is decoded as it stands and flagged', () => {
    const keys = () => loadKeys([recorded.client, recorded.server]);
    const sound = only(sense(recorded.frames, { keys: keys() }).observations, 'Write')[0] as Observation;
    // The value, in front of the signature of 32 bytes, least significant byte first.
    const { observations } = sense(flipped(recorded.frames, sound['request_frame'] as number, 32 + 8), { keys: keys() });
    const changed = only(observations, 'Write')[0] as Observation;
    assert.equal(changed['opcua.signature'], 'bad');
    assert.deepEqual(changed['opcua.flaws'], ['bad_signature']);
    assert.equal(changed['opcua.visibility'], 'signed');
    assert.equal(nodesOf(changed)[0]?.node_id, SETPOINT);
    assert.notEqual(nodesOf(changed)[0]?.value, VALUES[0]);
    assert.equal(only(observations, 'Write')[1]?.['opcua.signature'], 'verified');
  });
});

describe('token renewal', () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const work: Parameters<typeof record>[1]['work'] = async (session) => {
    for (let n = 0; n < 30; n++) {
      await write(session, SETPOINT, DataType.Double, n);
      await wait(40);
    }
  };
  for (const mode of MODES) {
    it(`${mode}: every token's messages are read with its keys`, async () => {
      const recorded = await record(folder, { policy: 'Basic256Sha256', mode, renewal: 250, work });
      const { observations } = sense(recorded.frames, { keys: loadKeys([recorded.client, recorded.server]) });
      const openings = only(secured(observations), 'OpenSecureChannel');
      assert.ok(openings.length >= 4, `${openings.length} openings`);
      assert.equal(new Set(openings.map((o) => o['opcua.token_id'])).size, openings.length);
      assert.deepEqual(
        openings.slice(1).map((o) => o['opcua.request_type']),
        openings.slice(1).map(() => 'renew'),
      );
      assert.deepEqual(
        valuesOf(observations, 'Write'),
        Array.from({ length: 30 }, (_, n) => n),
      );
      for (const o of secured(observations)) assert.equal(o['opcua.signature'], 'verified');
      assert.deepEqual(flawsOf(observations), []);
      damagedRenewal(recorded, openings[1] as Observation);
    });
  }
});

/** Bytes of a frame behind the end of the opening in it: a busy client puts the next message into the same segment. */
function behindOpening(frames: readonly Frame[], frame: number): number {
  const { buffer, byteOffset, length } = (frames[frame - 1] as Frame).bytes;
  const bytes = Buffer.from(buffer, byteOffset, length);
  const start = bytes.indexOf('OPNF', 54);
  return start < 0 ? 0 : Math.max(0, length - start - bytes.readUInt32LE(start + 4));
}

/** A renewal that cannot be decrypted hides the messages of its token, and no others. */
function damagedRenewal(recorded: Recorded, renewal: Observation): void {
  const keys = loadKeys([recorded.client, recorded.server]);
  const frame = renewal['request_frame'] as number;
  const { observations } = sense(flipped(recorded.frames, frame, behindOpening(recorded.frames, frame) + 9), { keys });
  const damaged = only(secured(observations), 'OpenSecureChannel')[1] as Observation;
  assert.deepEqual(damaged['opcua.flaws'], ['bad_encryption']);
  const values = valuesOf(
    observations.filter((o) => o['opcua.nodes'] !== undefined),
    'Write',
  );
  if (renewal['opcua.security_mode'] === 'Sign') assert.equal(values.length, 30);
  else assert.ok(values.length > 0 && values.length < 30 && values.at(-1) === 29, `${values}`);
  for (const o of observations) assert.notEqual(o['opcua.signature'], 'bad');
}

describe('what is long, and keys of other sizes', () => {
  let recorded: Recorded;
  const recipe = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) & 255));
  let ring: Keyring;
  let observations: Observation[];
  before(async () => {
    recorded = await record(folder, {
      policy: 'Aes256_Sha256_RsaPss',
      mode: 'SignAndEncrypt',
      clientBits: 2048,
      serverBits: 3072,
      user: USER,
      work: async (session) => {
        await write(session, RECIPE, DataType.ByteString, recipe);
        assert.deepEqual(await read(session, RECIPE), recipe);
      },
    });
    ring = loadKeys([recorded.client, recorded.server]);
    ({ observations } = sense(recorded.frames, { keys: ring }));
  });

  it('messages in chunks are put together', () => {
    const [asked] = only(observations, 'Write') as [Observation];
    const [answered] = only(observations, 'Read') as [Observation];
    assert.ok((asked['opcua.request_chunks'] as number) > 1 && (answered['opcua.response_chunks'] as number) > 1);
    const begins = recipe.subarray(0, 300).toString('base64');
    for (const o of [asked, answered]) assert.ok(String(nodesOf(o)[0]?.value).startsWith(begins.slice(0, 396)));
    for (const o of secured(observations)) assert.equal(o['opcua.signature'], 'verified');
    assert.deepEqual(flawsOf(observations), []);
  });

  it('neither a password nor a key is in what is said', () => {
    const [activated] = only(observations, 'ActivateSession') as [Observation];
    assert.equal(activated['opcua.user'], USER.userName);
    assert.equal(activated['opcua.password'], 'encrypted');
    const said = JSON.stringify([observations, ring, ring.warnings(), ring.ceilings()]);
    for (const secret of [USER.password, ...secretsOf(recorded)]) assert.ok(!said.includes(secret));
  });
});

describe('the command line', () => {
  let recorded: Recorded;
  let capture = '';
  before(async () => {
    recorded = await record(folder, { policy: 'Aes256_Sha256_RsaPss', mode: 'SignAndEncrypt', work: writeAndRead });
    capture = join(folder, 'secured.pcap');
    writeFileSync(capture, pcap(recorded.frames));
  });

  it('takes keys by --keys and from the environment, and warns once of each that is no use', () => {
    const written = ({ stdout }: { stdout: string }) => stdout.split('\n').filter((line) => line.includes('"service":"Write"') && line.includes('"decrypted"'));
    const given = stillwatch(['dissect', '--protocol', 'opcua', capture, '--keys', recorded.client, '--keys', dirname(recorded.server)]);
    assert.deepEqual([given.status, given.stderr], [0, '']);
    assert.deepEqual(
      written(given).map((line) => JSON.parse(line).opcua.nodes[0].value),
      VALUES,
    );
    const wrong = join(folder, 'wrong.txt');
    writeFileSync(wrong, 'no key');
    const env = { STILLWATCH_OPCUA_KEYS: `${recorded.client},${recorded.server},${wrong}` };
    const named = stillwatch(['dissect', '--protocol', 'opcua', capture], env);
    assert.equal(named.stdout, given.stdout);
    assert.equal(named.stderr, `warning: ${wrong}: is neither a private key (PEM or DER) nor a key log\n`);
    assert.equal(written(stillwatch(['dissect', capture])).length, 0);
  });

  it('analyze reads with them too and keeps them out of its result', () => {
    const { status, stdout, stderr } = stillwatch(['analyze', capture, '--json', '--learn', '0', '--keys', recorded.client, '--keys', recorded.server]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.includes(SETPOINT));
    for (const secret of [...secretsOf(recorded), recorded.client]) assert.ok(!stdout.includes(secret));
    assert.ok(!stillwatch(['analyze', capture, '--json', '--learn', '0']).stdout.includes(SETPOINT));
  });

  it('a rule reports a message that was changed', () => {
    const keys = loadKeys([recorded.client, recorded.server]);
    const sound = only(sense(recorded.frames, { keys }).observations, 'Write')[1] as Observation;
    // In the last block, which is signature alone, and in one of the content.
    for (const back of [5, 90]) {
      const altered = join(folder, 'altered.pcap');
      writeFileSync(altered, pcap(flipped(recorded.frames, sound['request_frame'] as number, back)));
      const { stdout } = stillwatch(['analyze', altered, '--json', '--learn', '0', '--keys', recorded.client, '--keys', recorded.server]);
      const names = (JSON.parse(stdout).findings as { rule: { name: string } }[]).map((finding) => finding.rule.name);
      assert.ok(
        names.some((name) => name.startsWith('opcua-bad-signature')),
        names.join(', '),
      );
    }
  });

  it('a path that is not there is refused in one line', () => {
    const { status, stdout, stderr } = stillwatch(['analyze', capture, '--keys', join(folder, 'nowhere')]);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^stillwatch: --keys \S+nowhere: there is no such file; [^\n]+\n$/);
  });
});

function stillwatch(args: string[], env: NodeJS.ProcessEnv = {}) {
  const options = { env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  return spawnSync(process.execPath, [fileURLToPath(at('stillwatch.js')), ...args], options);
}

describe('hostile bytes', () => {
  let recorded: Recorded;
  before(async () => {
    recorded = await record(folder, { policy: 'Basic128Rsa15', mode: 'SignAndEncrypt', work: writeAndRead });
  });

  it('whatever is changed on the way, nothing is thrown and nothing false is called verified', () => {
    const next = random(77);
    const sound = new Set(
      sense(recorded.frames, { keys: loadKeys([recorded.client, recorded.server]) }).observations.map((o) => JSON.stringify(o['opcua.nodes'])),
    );
    for (let round = 0; round < 60; round++) {
      const ring = loadKeys([recorded.client, recorded.server]);
      const frames = recorded.frames.map((one) => (next(8) > 0 ? one : { ...one, bytes: changed(one.bytes, next) }));
      for (const o of sense(frames, { keys: ring }).observations) {
        if (o['opcua.signature'] === 'verified' && o['outcome'] === 'answered') assert.ok(sound.has(JSON.stringify(o['opcua.nodes'])), JSON.stringify(o));
      }
    }
  });
});

/** One to four bytes of the payload changed. */
function changed(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  const copy = bytes.slice();
  if (bytes.length > 54) for (let n = 1 + next(4); n > 0; n--) copy[54 + next(bytes.length - 54)] = next(256);
  return copy;
}

describe('keys that do not fit', () => {
  let recorded: Recorded;
  let plain: Observation[];
  before(async () => {
    recorded = await record(folder, { policy: 'Basic256Sha256', mode: 'SignAndEncrypt', work: writeAndRead });
    plain = sense(recorded.frames).observations;
  });
  const foreign = join(folder, 'foreign.pem');
  writeFileSync(foreign, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }));

  it('a key of another application: one warning, and all stays as it was', () => {
    const ring = loadKeys([foreign]);
    assert.deepEqual(sense(recorded.frames, { keys: ring }).observations, plain);
    assert.deepEqual(ring.warnings(), [`${foreign}: the private key fits no certificate that an OPC UA channel was opened with`]);
  });

  it('only the key of the server: its half of the openings is read, and the other certificate named', () => {
    const ring = loadKeys([recorded.server]);
    const { observations } = sense(recorded.frames, { keys: ring });
    const [opening] = only(secured(observations), 'OpenSecureChannel') as [Observation];
    assert.equal(opening['opcua.security_mode'], 'SignAndEncrypt');
    assert.equal(opening['opcua.visibility'], 'decrypted');
    assert.equal(opaqueRows(observations).length, opaqueRows(plain).length);
    assert.deepEqual(flawsOf(observations), []);
    const thumbprint = opening['opcua.client_certificate.thumbprint'] as string;
    assert.deepEqual(ring.warnings(), [`OPC UA certificate ${thumbprint}: its private key is not among the keys, so 1 half of channel openings stayed opaque`]);
  });
});

describe('key log', () => {
  let recorded: Recorded;
  const log = join(folder, 'opcua.keys');
  before(async () => {
    recorded = await withKeyLog(log, () => record(folder, { policy: 'Basic256Sha256', mode: 'SignAndEncrypt', work: writeAndRead }));
  });

  it('reads the channel, and claims nothing of signatures', () => {
    const ring = loadKeys([log]);
    const { observations } = sense(recorded.frames, { keys: ring });
    assert.deepEqual(valuesOf(observations, 'Write'), VALUES);
    assert.deepEqual(valuesOf(observations, 'Read'), VALUES);
    for (const o of observations) assert.equal(o['opcua.signature'], undefined);
    assert.equal(opaqueRows(observations).length, 0);
    assert.deepEqual(flawsOf(observations), []);
    assert.deepEqual(ring.warnings(), []);
  });

  it('also where the opening was not seen', () => {
    const whole = sense(recorded.frames, { keys: loadKeys([log]) }).observations;
    const [opening] = only(secured(whole), 'OpenSecureChannel') as [Observation];
    const { observations } = sense(recorded.frames.slice(opening['response_frame'] as number), { keys: loadKeys([log]) });
    assert.deepEqual(valuesOf(observations, 'Write'), VALUES);
    assert.equal(only(observations, 'Write')[0]?.['opcua.visibility'], 'decrypted');
  });

  it('of another server with the same numbers reads nothing and says so', () => {
    const other = join(folder, 'other.keys');
    writeFileSync(
      other,
      readFileSync(log, 'utf8').replaceAll(/(key_\S+ )([0-9A-F]{8})/g, (_, name: string, hex: string) => name + [...hex].reverse().join('')),
    );
    const ring = loadKeys([other]);
    assert.deepEqual(sense(recorded.frames, { keys: ring }).observations, sense(recorded.frames).observations);
    assert.match(ring.warnings().join('\n'), /^\S+other\.keys: none of its \d OPC UA channel keys read a message$/);
    const both = loadKeys([other, log]);
    assert.deepEqual(valuesOf(sense(recorded.frames, { keys: both }).observations, 'Write'), VALUES);
  });
});
