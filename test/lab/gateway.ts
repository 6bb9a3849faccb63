/** A Modbus gateway: an energy meter at unit 1, a dosing skid at 2, a temperature transmitter at 3, nobody at the others. */
import type { State } from './process.ts';
import { GATEWAY_TARGET_SILENT, Refusal, serve, type Tables, word } from './tables.ts';
import { plug, sleep, tell } from './wiring.ts';

const device = (of: Partial<Tables>): Tables => ({ coils: [false, false], discrete: [false, false], input: [], holding: [], identity: {}, ...of });

const meter = device({ input: new Array(8).fill(0), identity: { 0: 'Carlo Gavazzi', 1: 'EM24', 2: 'C.1' } });
const dosing = device({
  input: new Array(4).fill(0),
  holding: [60, 40, 90, 1, 0, 0, 0, 0],
  identity: { 0: 'ProMinent', 1: 'DULCOMETER', 2: '4.02' },
  onRegister: (address, value) => address === 0 && tell({ actuators: { chlorineSetpoint: value / 100 } }),
});
const transmitter = device({ input: [0, 0], identity: { 0: 'JUMO', 1: 'dTRANS T06', 2: '2.1' } });
const units = new Map([
  [1, meter],
  [2, dosing],
  [3, transmitter],
]);

/** A serial line has no answer sooner than this, and none from a unit that is not there. */
const LINE = 8;
const NO_ANSWER = 120;

serve(async (id) => {
  const unit = units.get(id);
  await sleep(unit === undefined ? NO_ANSWER : LINE);
  if (unit === undefined) throw new Refusal(GATEWAY_TARGET_SILENT);
  return unit;
});

function inputs(s: State): void {
  const whole = Math.round(s.energy);
  const amperes = s.power / 0.66;
  meter.input.splice(0, 6, ...[2301 + 4 * Math.sin(s.energy), amperes * 10, s.power * 100, whole >>> 16, whole, 5000].map(word));
  dosing.input.splice(0, 2, word(s.chlorine * 1000), word(s.chlorine * 400));
  transmitter.input.splice(0, 2, word(s.temperature * 10), 0);
}

plug({ state: inputs });
