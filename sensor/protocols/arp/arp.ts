/** ARP, RFC 826, for IPv4 over Ethernet; probes and announcements as in RFC 5227. */
import type { LinkFrame, LinkProtocol, Sink } from '../dissector.ts';
import { fromLink, ipv4At, macAt, report } from '../sighting.ts';

const REQUEST = 1;
const REPLY = 2;
const NONE = '0.0.0.0';

export const arp: LinkProtocol = {
  name: 'arp',
  etherTypes: [0x0806],
  open: (sink: Sink) => ({ see: (frame: LinkFrame) => see(frame, sink) }),
};

function see(frame: LinkFrame, sink: Sink): void {
  const { view, start, end } = frame;
  // Hardware type 1, protocol type IPv4, address lengths 6 and 4.
  if (end - start < 28 || view.getUint16(start) !== 1 || view.getUint32(start + 2) !== 0x08000604) return;
  const code = view.getUint16(start + 6);
  if (code !== REQUEST && code !== REPLY) return;
  const sender = ipv4At(view, start + 14);
  const target = ipv4At(view, start + 24);
  const seen = fromLink('arp', operation(code, sender, target), frame);
  seen['source.ip'] = sender === NONE ? '' : sender;
  seen['destination.ip'] = target;
  seen['host.mac'] = macAt(view, start + 8);
  seen['host.ip'] = seen['source.ip'];
  report(sink, seen, frame.at, frame.frame);
}

/** RFC 5227 section 1.1: a probe has no sender address, an announcement asks for its own. */
function operation(code: number, sender: string, target: string): string {
  if (sender === target) return 'gratuitous';
  if (sender === NONE) return 'probe';
  return code === REQUEST ? 'request' : 'reply';
}
