/** What the drivers that are packages have in common: frames come one by one, and are gathered into blocks. Memory is bounded: what finds no room is lost, and counted. */
import { Pile } from './pile.ts';
import { type Block, type DriverName, InputError, type Source, type SourceReport } from './source.ts';

/** Bytes of the library's own buffer, bytes of the longest frame, ms that it may keep a frame to itself. */
export const BUFFER = 67_108_864;
export const SNAP = 65_535;
export const WAIT = 20;
/** ms between two looks at the counters. */
const COUNT_EVERY = 500;

/** LINKTYPE_ numbers by what the packages call them. */
const LINKTYPES: { readonly [name: string]: number } = { NULL: 0, ETHERNET: 1, RAW: 101, LINUX_SLL: 113 };
const ETHERNET = 1;

/** Loads a package that may not have been built. Throws an InputError that says how to build it. */
export async function loadLibrary<T>(name: string): Promise<T> {
  try {
    return ((await import(name)) as { default: T }).default;
  } catch (error) {
    throw new InputError(
      `the ${name} driver is not built for this Node (${(error as Error).message.split('\n')[0]}); install libpcap-dev (Windows: Npcap) and a compiler, then: npm run rebuild:native`,
    );
  }
}

/** What went wrong in words a user can act on. */
export function complaint(name: string, filter: string, why: string): InputError {
  if (/syntax error|unknown host|illegal|expression/i.test(why)) return new InputError(`capture.filter "${filter}" is no filter: ${why}`);
  if (/permission|not permitted|privilege/i.test(why))
    return new InputError(`capturing needs CAP_NET_RAW: start it as a service (deploy/systemd) or as root (${name}: ${why})`);
  return new InputError(`${name} cannot be captured from: ${why}`);
}

/** Takes a frame: `captured` bytes of `bytes`, as many as `length` on the wire, at `at` (ms since the epoch). */
export type OnFrame = (bytes: Buffer, captured: number, length: number, at: number) => void;

/** An open interface. `dropped`: frames that the library lost so far, null when it does not say. */
export type Session = { linktype: string; begin(onFrame: OnFrame): void; dropped(): number | null; close(): void };

type OnBlock = (block: Block) => void | Promise<void>;

export class LibrarySource implements Source {
  readonly report: SourceReport;
  private readonly session: Session;
  /** One is filled while the other is worked on. */
  private readonly piles: [Pile, Pile] = [new Pile(), new Pile()];
  private working: Promise<void> | null = null;
  /** Frames that came while both were full. */
  private lost = 0;
  private over: () => void = () => {};
  private failed: (error: unknown) => void = () => {};

  constructor(name: string, driver: DriverName, session: Session) {
    this.session = session;
    const linktype = LINKTYPES[session.linktype.replace(/^LINKTYPE_/, '')] ?? ETHERNET;
    this.report = { frames: 0, interfaces: [{ name, linktype, dropped: session.dropped(), driver }], warnings: [] };
  }

  stop(): void {
    this.over();
  }

  async frames(onBlock: OnBlock): Promise<SourceReport> {
    const linktype = this.report.interfaces[0]?.linktype ?? ETHERNET;
    this.session.begin((bytes, captured, length, at) => {
      const fits = (): boolean => this.piles[0].add(bytes, 0, captured, length, at, linktype, 0);
      if (fits() || (this.hand(onBlock) && fits())) this.report.frames++;
      else this.lost++;
    });
    const failed = new Promise<never>((_, reject) => {
      this.failed = reject;
    });
    const timers = [setInterval(() => this.hand(onBlock), WAIT), setInterval(() => this.count(), COUNT_EVERY)];
    try {
      await Promise.race([failed, new Promise<void>((resolve) => (this.over = resolve))]);
    } finally {
      for (const timer of timers) clearInterval(timer);
      this.count();
      this.session.close();
    }
    await this.working;
    this.hand(onBlock);
    await this.working;
    return this.report;
  }

  /** Hands on what there is, or that there is nothing; false while the pile before is still worked on. */
  private hand(onBlock: OnBlock): boolean {
    if (this.working !== null) return false;
    const [{ block }, next] = this.piles;
    block.idleUntil = block.count === 0 ? Date.now() - 2 * WAIT : Number.NaN;
    this.piles.reverse();
    next.clear();
    const work = onBlock(block);
    if (work !== undefined) {
      this.working = work.then(() => {
        this.working = null;
      }, this.failed);
    }
    return true;
  }

  private count(): void {
    const [on] = this.report.interfaces;
    const dropped = this.session.dropped();
    if (on !== undefined && dropped !== null) on.dropped = dropped + this.lost;
  }
}
