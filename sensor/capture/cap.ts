/**
 * Npcap (Windows) and libpcap through the package `cap`, the last resort. It tells neither when a frame came nor how many were lost: times are those of
 * the callback, and drops are unknown. It keeps a bare pointer to the buffer it writes frames to, so that the buffer must live as long as the session.
 */
import { Collector } from './collector.ts';
import { expressionOf } from './filter.ts';
import { complaint } from './pcap.ts';
import { InputError, type Source, type SourceReport } from './source.ts';

const BUFFER_MIB = 64;
const SNAP = 65_535;
const HAND_EVERY = 20;

type Session = {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  setMinBytes?(bytes: number): void;
  on(event: 'packet', take: (bytes: number, truncated: boolean) => void): void;
  close(): void;
};
type Cap = { Cap: new () => Session };

const LINKTYPES: { readonly [name: string]: number } = { NULL: 0, ETHERNET: 1, RAW: 101, LINKTYPE_LINUX_SLL: 113 };

/** The package. Throws an InputError where it was not built. */
export async function loadCap(): Promise<Cap> {
  try {
    return ((await import('cap' as string)) as { default: Cap }).default;
  } catch (error) {
    throw new InputError(
      `the cap driver is not built for this Node (${(error as Error).message.split('\n')[0]}); install libpcap-dev (Windows: Npcap) and a compiler, then: npm run rebuild:native`,
    );
  }
}

/** Opens an interface. Throws an InputError of one line with the fix. */
export async function openCap(name: string, filter: string): Promise<Source> {
  const { Cap } = await loadCap();
  const session = new Cap();
  const buffer = Buffer.alloc(SNAP);
  try {
    const type = session.open(name, expressionOf(filter), BUFFER_MIB << 20, buffer);
    session.setMinBytes?.(0);
    return new CapSource(name, session, buffer, LINKTYPES[type] ?? 1);
  } catch (error) {
    throw new InputError(complaint(name, filter, (error as Error).message));
  }
}

class CapSource implements Source {
  readonly report: SourceReport;
  private readonly session: Session;
  /** Held for as long as the session may write to it. */
  private readonly buffer: Buffer;
  private readonly linktype: number;
  private over: () => void = () => {};

  constructor(name: string, session: Session, buffer: Buffer, linktype: number) {
    this.session = session;
    this.buffer = buffer;
    this.linktype = linktype;
    this.report = { frames: 0, interfaces: [{ name, linktype, dropped: null, driver: 'cap' }], warnings: [] };
  }

  stop(): void {
    this.over();
  }

  async frames(onBlock: Parameters<Source['frames']>[0]): Promise<SourceReport> {
    const { session, report, buffer, linktype } = this;
    const collector = new Collector(onBlock);
    // How long a frame was on the wire is not told when it did not fit.
    session.on('packet', (bytes, truncated) => collector.add(buffer, bytes, truncated ? bytes + 1 : bytes, Date.now(), linktype));
    const timer = setInterval(() => {
      report.frames = collector.frames;
      collector.hand(Date.now() - 2 * HAND_EVERY);
    }, HAND_EVERY);
    await new Promise<void>((resolve) => {
      this.over = resolve;
    });
    clearInterval(timer);
    session.close();
    await collector.finish();
    report.frames = collector.frames;
    return report;
  }
}
