/**
 * The water works behind the wire: a pump fills tank T-1 between two levels around a set point, valve V-1 lets water out to the
 * town, a dosing skid adds chlorine. Everything swings within a minute, so that a minute of learning has seen it all.
 */
export type State = {
  /** Percent of the tank. */
  level: number;
  /** m3/h. */
  inflow: number;
  outflow: number;
  /** bar at the pump's outlet. */
  pressure: number;
  /** Degrees Celsius of the water. */
  temperature: number;
  /** mg/l. */
  chlorine: number;
  /** Percent open. */
  valve: number;
  /** Rotations a minute. */
  speed: number;
  running: boolean;
  /** kW drawn by the pump, and kWh since commissioning. */
  power: number;
  energy: number;
};

export type Actuators = {
  /** Percent of the tank the pump holds, give or take 3. */
  levelSetpoint: number;
  /** Percent open the valve swings around. */
  valveSetpoint: number;
  /** mg/l. */
  chlorineSetpoint: number;
  /** The pump's permission to run. */
  pumpEnabled: boolean;
};

export const INITIAL: Actuators = { levelSetpoint: 55, valveSetpoint: 50, chlorineSetpoint: 0.6, pumpEnabled: true };

const BAND = 3;
/** Percent of the tank that 1 m3/h moves in a second: far quicker than a real one. */
const TANK = 0.016;

export class Process {
  readonly actuators: Actuators = { ...INITIAL };
  readonly state: State = {
    level: 54,
    inflow: 0,
    outflow: 40,
    pressure: 1.2,
    temperature: 14.5,
    chlorine: 0.6,
    valve: 50,
    speed: 0,
    running: false,
    power: 0.2,
    energy: 48_211,
  };
  private seconds = 0;
  private seed = 20_261;

  /** Moves on by `dt` seconds. */
  step(dt: number): void {
    this.seconds += dt;
    this.pump(dt);
    this.valve(dt);
    const s = this.state;
    s.level = clamp(s.level + (s.inflow - s.outflow) * TANK * dt, 0, 100);
    s.temperature = 14.5 + 0.6 * this.wave(22) + this.noise(0.04);
    s.chlorine += (this.actuators.chlorineSetpoint + 0.05 * this.wave(18) - s.chlorine) * Math.min(1, dt) + this.noise(0.002);
    s.energy += (s.power * dt) / 36;
  }

  private pump(dt: number): void {
    const s = this.state;
    const { levelSetpoint, pumpEnabled } = this.actuators;
    if (s.level < levelSetpoint - BAND) s.running = true;
    if (s.level > levelSetpoint + BAND || !pumpEnabled) s.running = false;
    const wanted = s.running ? 1450 : 0;
    s.speed = clamp(s.speed + clamp(wanted - s.speed, -900 * dt, 900 * dt), 0, 1450);
    const share = s.speed / 1450;
    s.inflow = 92 * share * (1 + this.noise(0.006));
    s.pressure = 1.2 + 2.6 * share * share + this.noise(0.01);
    s.power = 0.2 + 18 * share ** 3 + this.noise(0.05) * share;
  }

  private valve(dt: number): void {
    const s = this.state;
    const wanted = this.actuators.valveSetpoint + 3 * this.wave(16);
    s.valve = clamp(s.valve + clamp(wanted - s.valve, -4 * dt, 4 * dt), 0, 100);
    s.outflow = s.level <= 0 ? 0 : 0.9 * s.valve * (1 + this.noise(0.006));
  }

  private wave(period: number): number {
    return Math.sin((2 * Math.PI * this.seconds) / period);
  }

  /** Within plus and minus `size`; the same series in every run. */
  private noise(size: number): number {
    this.seed = (Math.imul(this.seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return size * ((2 * this.seed) / 0x7fffffff - 1);
  }
}

export const clamp = (n: number, least: number, most: number): number => Math.min(most, Math.max(least, n));
