/**
 * Npcap (Windows) and libpcap through the package `cap`, the last resort. It tells neither when a frame came nor how many were lost: times are those of
 * the callback, and drops are unknown. It keeps a bare pointer to the buffer it writes frames to, so that the session here holds on to that.
 */
import { expressionOf } from './filter.ts';
import { BUFFER, complaint, LibrarySource, loadLibrary, SNAP } from './library.ts';
import type { Source } from './source.ts';

type CapSession = {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  setMinBytes?(bytes: number): void;
  on(event: 'packet', take: (bytes: number, truncated: boolean) => void): void;
  close(): void;
};
type Cap = { Cap: new () => CapSession };

export const loadCap = (): Promise<Cap> => loadLibrary<Cap>('cap');

/** Opens an interface. Throws an InputError of one line with the fix. */
export async function openCap(name: string, filter: string): Promise<Source> {
  const session = new (await loadCap()).Cap();
  const buffer = Buffer.alloc(SNAP);
  try {
    const linktype = session.open(name, expressionOf(filter), BUFFER, buffer);
    session.setMinBytes?.(0);
    return new LibrarySource(name, 'cap', {
      linktype,
      // How long a frame was on the wire is not told when it did not fit.
      begin: (onFrame) => session.on('packet', (bytes, truncated) => onFrame(buffer, bytes, truncated ? bytes + 1 : bytes, Date.now())),
      dropped: () => null,
      close: () => session.close(),
    });
  } catch (error) {
    throw complaint(name, filter, (error as Error).message);
  }
}
