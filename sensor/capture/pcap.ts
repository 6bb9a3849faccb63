/** libpcap through the package `pcap`: other systems than Linux, and filters as text. Timestamps and drop counts are libpcap's; each frame costs a call. */
import { Collector } from './collector.ts';
import { expressionOf } from './filter.ts';
import { InputError, type Source, type SourceReport } from './source.ts';

/** MiB of libpcap's buffer, ms it waits to fill, bytes of the longest frame. */
const BUFFER_MIB = 64;
const WAIT = 20;
const SNAP = 65_535;
/** ms between two looks at what came, and at the counters. */
const HAND_EVERY = 20;
const COUNT_EVERY = 500;

type Packet = { buf: Buffer; header: Buffer };
type Session = {
  link_type: string;
  on(event: 'packet', take: (packet: Packet) => void): void;
  stats(): { ps_drop: number; ps_ifdrop?: number };
  close(): void;
};
type Pcap = { createSession(device: string, options: object): Session; warningHandler: (line: string) => void };

/** LINKTYPE_ numbers by what the package calls them. */
const LINKTYPES: { readonly [name: string]: number } = {
  LINKTYPE_NULL: 0,
  LINKTYPE_ETHERNET: 1,
  LINKTYPE_RAW: 101,
  LINKTYPE_LINUX_SLL: 113,
};

/** The package. Throws an InputError where it was not built. */
export async function loadPcap(): Promise<Pcap> {
  try {
    return ((await import('pcap' as string)) as { default: Pcap }).default;
  } catch (error) {
    throw new InputError(
      `the pcap driver is not built for this Node (${(error as Error).message.split('\n')[0]}); install libpcap-dev and a compiler, then: npm run rebuild:native`,
    );
  }
}

/** Opens an interface. Throws an InputError of one line with the fix. */
export async function openPcap(name: string, filter: string): Promise<Source> {
  const pcap = await loadPcap();
  pcap.warningHandler = () => {};
  try {
    const session = pcap.createSession(name, {
      filter: expressionOf(filter),
      buffer_size: BUFFER_MIB << 20,
      buffer_timeout: WAIT,
      snap_length: SNAP,
      promiscuous: true,
    });
    return new PcapSource(name, session);
  } catch (error) {
    throw new InputError(complaint(name, filter, (error as Error).message));
  }
}

export function complaint(name: string, filter: string, why: string): string {
  if (/syntax error|unknown host|illegal|expression|can't parse filter/i.test(why)) return `capture.filter "${filter}" is no filter: ${why}`;
  if (/permission|not permitted|privilege/i.test(why))
    return `capturing needs CAP_NET_RAW: start it as a service (deploy/systemd) or as root (${name}: ${why})`;
  return `${name} cannot be captured from: ${why}`;
}

class PcapSource implements Source {
  readonly report: SourceReport;
  private readonly session: Session;
  private readonly linktype: number;
  private over: () => void = () => {};

  constructor(name: string, session: Session) {
    this.session = session;
    this.linktype = LINKTYPES[session.link_type] ?? 1;
    this.report = { frames: 0, interfaces: [{ name, linktype: this.linktype, dropped: 0, driver: 'pcap' }], warnings: [] };
  }

  stop(): void {
    this.over();
  }

  async frames(onBlock: Parameters<Source['frames']>[0]): Promise<SourceReport> {
    const { session, report, linktype } = this;
    const collector = new Collector(onBlock);
    session.on('packet', ({ buf, header }) => {
      const at = header.readUInt32LE(0) * 1000 + header.readUInt32LE(4) / 1000;
      collector.add(buf, header.readUInt32LE(8), header.readUInt32LE(12), at, linktype);
    });
    const count = (): void => {
      report.frames = collector.frames;
      const [on] = report.interfaces;
      if (on !== undefined) on.dropped = session.stats().ps_drop + collector.lost;
    };
    const timers = [setInterval(() => collector.hand(Date.now() - 2 * WAIT), HAND_EVERY), setInterval(count, COUNT_EVERY)];
    await new Promise<void>((resolve) => {
      this.over = resolve;
    });
    for (const timer of timers) clearInterval(timer);
    count();
    session.close();
    await collector.finish();
    return report;
  }
}
