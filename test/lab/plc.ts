/** A Modbus/TCP controller: `plc.ts tank` holds the level with the pump, `plc.ts valve` lets water out and asks the other for the level. */

import { Poller } from './poller.ts';
import type { State } from './process.ts';
import { obeyListenOnly, serve, type Tables, word } from './tables.ts';
import { plug, tell } from './wiring.ts';

/** How long a controller stays silent after Force Listen Only Mode. */
const POWER_CYCLE = 9000;

const filled = <T>(length: number, value: T, first: T[] = []): T[] => [...first, ...new Array<T>(length - first.length).fill(value)];

function tank(): Tables {
  return {
    coils: filled(16, false, [true]),
    discrete: filled(16, false),
    input: filled(16, 0),
    // Set point and limits in hundredths of a percent, manual speed, mode, then tuning.
    holding: filled(64, 0, [5500, 300, 9000, 1000, 0, 2, 120, 35, 8, 1]),
    identity: { 0: 'Schneider Electric', 1: 'BMX P34 2020', 2: 'v3.30', 4: 'Modicon M340', 5: 'BMX P34 2020', 6: 'P-1 T-1' },
    onCoil: (address, value) => address === 0 && tell({ actuators: { pumpEnabled: value } }),
    onRegister: (address, value) => address === 0 && tell({ actuators: { levelSetpoint: value / 100 } }),
  };
}

function tankInputs(tables: Tables, s: State): void {
  const beat = ((tables.input[7] ?? 0) + 1) & 0xffff;
  const status = (s.running ? 1 : 0) | (s.level > 90 ? 2 : 0) | (s.level < 10 ? 4 : 0) | 0x100;
  tables.input.splice(0, 8, ...[s.level * 100, s.inflow * 10, s.outflow * 10, s.pressure * 1000, s.temperature * 10, s.speed, status, beat].map(word));
  tables.discrete.splice(0, 4, s.running, s.level > 90, s.level < 10, true);
}

function valve(): Tables {
  return {
    coils: filled(8, false, [true]),
    discrete: filled(8, false),
    input: filled(8, 0),
    // Set point in tenths of a percent, ramp, limits; recipe from 10 to 13; travel limits at 40.
    holding: filled(48, 0, [500, 40, 950, 50, 2, 0, 0, 0, 0, 0, 10, 20, 30, 40]),
    identity: { 0: 'Beckhoff Automation', 1: 'CX8190-0100', 2: '3.1.4024', 4: 'CX8190', 5: 'CX8190-0100', 6: 'V-1' },
    onRegister: (address, value) => address === 0 && tell({ actuators: { valveSetpoint: value / 10 } }),
  };
}

function valveInputs(tables: Tables, s: State): void {
  tables.input.splice(0, 4, ...[s.valve * 10, s.outflow * 10, s.pressure * 1000 - 400, 200 + s.valve * 2].map(word));
  tables.discrete.splice(0, 2, s.valve > 99, s.valve < 1);
}

const which = process.argv[2];
const tables = which === 'tank' ? tank() : valve();
const server = serve(() => tables);
obeyListenOnly(server, POWER_CYCLE);
const peer = which === 'valve' ? new Poller('10.20.1.11', 1000, [{ unit: 1, code: 4, address: 0, quantity: 1, every: 1 }]) : undefined;

plug({
  start: () => peer?.start(),
  state: (state) => (which === 'tank' ? tankInputs(tables, state) : valveInputs(tables, state)),
  stop: async () => peer?.stop(),
  operations: () => peer?.counts ?? {},
});
