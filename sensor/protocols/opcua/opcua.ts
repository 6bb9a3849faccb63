import { MORE, NO, type Protocol, type Recognition, YES } from '../dissector.ts';
import { Connection } from './connection.ts';
import { CLO, HEADER, headerBegins, headerFlaw, MSG, OPN } from './header.ts';
import { ledgerOf } from './ledger.ts';
import { PORTS } from './link.ts';
import { nextHeader } from './resync.ts';

const NO_CHANNELS = new Map();

/** A sound header, and another one behind it when there are bytes; on a port of OPC UA also one further in, behind the end of a message. */
function recognise(view: DataView, start: number, end: number, hinted: boolean): Recognition {
  if (end - start < HEADER) return headerBegins(view, start, end) ? MORE : NO;
  if (headerFlaw(view, start) === '') return followed(view, start, end) ? YES : NO;
  if (!hinted) return NO;
  const next = nextHeader(view, start, end, NO_CHANNELS);
  return end - next >= HEADER && headerFlaw(view, next) === '' && isSecured(view, next) ? YES : NO;
}

function followed(view: DataView, start: number, end: number): boolean {
  const next = start + view.getUint32(start + 4, true);
  return next === end || (next + HEADER > end ? next > end || headerBegins(view, next, end) : headerFlaw(view, next) === '');
}

function isSecured(view: DataView, at: number): boolean {
  const type = view.getUint32(at) >>> 8;
  return type === MSG || type === OPN || type === CLO;
}

/** OPC UA Connection Protocol over TCP: `opc.tcp` with binary encoding. */
export const opcua: Protocol = {
  name: 'opcua',
  transport: 'tcp',
  ports: PORTS,
  joined: true,
  recognise,
  open: (flow, sink) => new Connection(flow, sink),
  ceilings: (sink) => [...ledgerOf(sink.operations).ceilings(), ...(sink.keys?.ceilings() ?? [])],
};
