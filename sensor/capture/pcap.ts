/** libpcap through the package `pcap`: other systems than Linux, and filters as text. Timestamps and drop counts are libpcap's; each frame costs a call. */
import { expressionOf } from './filter.ts';
import { BUFFER, complaint, LibrarySource, loadLibrary, SNAP, WAIT } from './library.ts';
import type { Source } from './source.ts';

type Packet = { buf: Buffer; header: Buffer };
type PcapSession = {
  link_type: string;
  on(event: 'packet', take: (packet: Packet) => void): void;
  stats(): { ps_drop: number };
  close(): void;
};
type Pcap = { createSession(device: string, options: object): PcapSession; warningHandler: (line: string) => void };

export const loadPcap = (): Promise<Pcap> => loadLibrary<Pcap>('pcap');

/** Opens an interface. Throws an InputError of one line with the fix. */
export async function openPcap(name: string, filter: string): Promise<Source> {
  const pcap = await loadPcap();
  pcap.warningHandler = () => {};
  try {
    const options = { filter: expressionOf(filter), buffer_size: BUFFER, buffer_timeout: WAIT, snap_length: SNAP, promiscuous: true };
    const session = pcap.createSession(name, options);
    return new LibrarySource(name, 'pcap', {
      linktype: session.link_type,
      begin: (onFrame) =>
        // struct pcap_pkthdr: seconds, microseconds, bytes captured, bytes on the wire.
        session.on('packet', ({ buf, header }) =>
          onFrame(buf, header.readUInt32LE(8), header.readUInt32LE(12), header.readUInt32LE(0) * 1000 + header.readUInt32LE(4) / 1000),
        ),
      dropped: () => session.stats().ps_drop,
      close: () => session.close(),
    });
  } catch (error) {
    throw complaint(name, filter, (error as Error).message);
  }
}
