/** Arkime's expected sessions of its Modbus test: functions, exceptions, transaction and unit ids of every connection. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Observation } from '../../sensor/observation.ts';
import { senseFile } from '../sense.ts';
import { missing, shared } from '../shared.ts';

type Numbers = (number | string)[];
type End = { ip: string; port: number };
type Session = {
  body: { source: End; destination: End; protocol: string[]; modbus?: { exccode?: Numbers; funccode?: Numbers; transactionid?: Numbers; unitid: number } };
};

const sorted = (values: Iterable<number>): number[] => [...new Set(values)].sort((a, b) => a - b);
const numbers = (values: Numbers | undefined): number[] => sorted((values ?? []).map(Number));
const ends = (a: string, b: string): string => [a, b].sort().join(' ');

describe('Arkime on its own capture', { skip: missing('captures') }, () => {
  it('gives each session what we find in it', async () => {
    const { sessions3 } = JSON.parse(readFileSync(shared('arkime/modbus.test'), 'utf8')) as { sessions3: Session[] };
    const modbus = (await senseFile(shared('arkime/modbus.pcap'))).filter((o) => o.kind === 'modbus');
    // Two requests with protocol id 16 (Messaging V1.0b section 3.1.3: 0) are no Modbus there.
    const all = modbus.filter((o) => !JSON.stringify(o['modbus.flaws'] ?? []).includes('protocol_id'));
    assert.equal(modbus.length - all.length, 2);
    const of = Map.groupBy(all, (o) => ends(`${o['source.ip']}:${o['source.port']}`, `${o['destination.ip']}:${o['destination.port']}`));
    assert.equal(sessions3.length, 8);
    for (const { body } of sessions3) {
      const key = ends(`${body.source.ip}:${body.source.port}`, `${body.destination.ip}:${body.destination.port}`);
      const mine: Observation[] = of.get(key) ?? [];
      assert.equal(mine.length > 0, body.protocol.includes('modbus'), key);
      const wanted = body.modbus;
      if (wanted === undefined) continue;
      const asked = mine.filter((o) => o['request_frame'] !== null);
      const told = mine.filter((o) => o['response_frame'] !== null && o['modbus.exception_code'] != null);
      // Functions and transaction ids are those of requests there, and exceptions are read off whatever answers.
      assert.deepEqual(sorted(asked.map((o) => o['modbus.function_code'] as number)), numbers(wanted.funccode), key);
      assert.deepEqual(sorted(told.map((o) => o['modbus.exception_code'] as number)), numbers(wanted.exccode), key);
      assert.deepEqual(sorted(asked.map((o) => o['modbus.transaction_id'] as number)), numbers(wanted.transactionid), key);
      assert.deepEqual(sorted(mine.map((o) => o['modbus.unit_id'] as number)), [wanted.unitid], key);
    }
  });
});
