/** What the sensor's process and the analyzer's say to each other; the numbers of batches cross beside it (`crossing.ts`). */
import type { Coverage } from '../coverage.ts';
import type { Definition, Observation } from '../observation.ts';
import type { Place } from './crossing.ts';

export type BatchMessage = { type: 'batch'; place: Place; definitions: Definition[]; details: Observation[] };

/** How the sensor's process is confined: capabilities it still has, as a hexadecimal mask, and whether the kernel refuses what it never does. */
export type Confined = { capabilities: string; seccomp: boolean };

export type StatusMessage = { type: 'status'; frames: number; clock: number; coverage: Coverage; warnings: string[]; confined: Confined };
export type ToAnalyzer =
  | BatchMessage
  | StatusMessage
  /** Capturing has begun. */
  | { type: 'ready'; confined: Confined }
  /** It cannot capture; `message` is one line with the fix. */
  | { type: 'failed'; message: string }
  /** Everything was handed over. */
  | { type: 'ended' };

/** A batch with the order of its definitions. Nothing before `reached` comes any more. */
export type ToldMessage = BatchMessage & { defined: number[]; reached: number };
/** How far it is; `read`: everything was. */
export type ReadMessage = { type: 'reading' | 'read'; frames: number; first: number; clock: number; coverage: Coverage; warnings: string[] };
/** What a sensor that reads captures says. `reached`: it told nothing lately, and nothing before that comes any more. */
export type FromReader = ToldMessage | { type: 'reached'; reached: number } | ReadMessage | { type: 'failed'; message: string };

export type ToSensor = { type: 'taken'; slot: number } | { type: 'stop' };

/** Batches under way from which on they are no longer sent as they come, but full: an analyzer that is busy for seconds must not cost frames of a quiet link. */
export const EAGER = 4;
/** Batches under way at a time. Then the sensor waits, its ring fills, and what finds no room there is counted as lost. */
export const MAX_UNDER_WAY = 16;
