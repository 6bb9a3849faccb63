/**
 * The wires that are not network: field signals between the process and its controllers, and the lab's own orders. Every host
 * runs in a process of its own and has one of these to the recorder.
 */
import type { Actuators, State } from './process.ts';

export type Counts = { [operation: string]: number };

export type ToHost = { start: true } | { stop: true } | { state: State } | { attack: string };
export type FromHost =
  | { ready: true }
  | { actuators: Partial<Actuators> }
  | { done: string; operations: Counts; error?: string }
  | { stopped: true; operations: Counts };

export type Handlers = {
  /** The recording has begun. */
  start?: () => void;
  state?: (state: State) => void;
  /** Does as told and says what it sent. */
  attack?: (name: string) => Promise<Counts>;
  /** Says goodbye on the wire. */
  stop?: () => Promise<void>;
  /** What was sent over the whole run. */
  operations?: () => Counts;
};

export const tell = (message: FromHost) => process.send?.(message);

/** Announces this host as ready and follows the recorder's orders until told to stop. */
export function plug(handlers: Handlers): void {
  process.on('message', (message: ToHost) => {
    if ('start' in message) handlers.start?.();
    else if ('state' in message) handlers.state?.(message.state);
    else if ('attack' in message) attack(message.attack, handlers);
    else stop(handlers);
  });
  process.on('disconnect', () => process.exit(1));
  tell({ ready: true });
}

async function attack(name: string, handlers: Handlers): Promise<void> {
  try {
    tell({ done: name, operations: (await handlers.attack?.(name)) ?? {} });
  } catch (error) {
    tell({ done: name, operations: {}, error: String(error) });
  }
}

async function stop(handlers: Handlers): Promise<void> {
  await Promise.race([handlers.stop?.() ?? Promise.resolve(), sleep(3000)]).catch(() => undefined);
  tell({ stopped: true, operations: handlers.operations?.() ?? {} });
  setTimeout(() => process.exit(0), 50);
}

export const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, Math.max(0, milliseconds)));

export const count = (counts: Counts, operation: string) => {
  counts[operation] = (counts[operation] ?? 0) + 1;
};
