/** How the sensor's process is started: by its environment, as JSON; no secret is among it. */
import type { Fanout, OpenRing } from '../capture/ring.ts';
import type { DriverName } from '../capture/source.ts';

export type SensorOptions = {
  /** One, or several that are taken as one. */
  interfaces: string[];
  driver: DriverName;
  /** A preset by name; with pcap and cap also a filter expression. */
  filter: string;
  /** MiB of the ring. */
  ring: number;
  /** ms that a server may take to answer; null: learned. */
  responseTimeout: number | null;
  /** Files of OPC UA keys. They are read by the sensor's process alone. */
  keys: string[];
  /** Which share of the interface's conversations it takes; null: all. */
  fanout: Fanout | null;
  /** Frames that sensors before this one took: numbering goes on. */
  frames: number;
};

/** MiB of a ring when nobody says otherwise. */
export const RING_MIB = 64;
/** Sensors that may share an interface. */
export const MAX_WORKERS = 16;

/** As above once the ring is open; the rest needs no privilege. */
export type OpenedOptions = SensorOptions & { opened?: OpenRing[] };

export const VARIABLE = 'STILLWATCH_SENSOR_PROCESS';
