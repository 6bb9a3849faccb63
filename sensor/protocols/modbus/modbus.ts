import { type FlowInfo, MORE, NO, type Protocol, type Recognition, type Side, YES } from '../dissector.ts';
import { Ascii, recogniseAscii } from './ascii.ts';
import { ModbusDissector } from './dissector.ts';
import { exact, HEADER, MAX_LENGTH, plausible } from './header.ts';
import { Mbap } from './mbap.ts';
import { areFrames, Rtu, recogniseRtu } from './rtu.ts';
import { SHORT } from './size.ts';
import { waitsOf } from './waits.ts';

const PORT = 502;

/** Off its port one header is not proof enough: the message must end with the segment, or be followed by another header. */
function convincing(view: DataView, start: number, end: number): Recognition {
  if (!plausible(view, start, end)) return NO;
  const stop = start + 6 + view.getUint16(start + 4);
  if (stop > end) return MORE;
  return stop === end || plausible(view, stop, end) ? YES : NO;
}

/** On its port a message that is right but for its protocol id is Modbus all the same. */
function otherProtocolId(view: DataView, start: number, end: number): Recognition {
  if (end - start <= HEADER) return MORE;
  const stop = exact(view, start, end);
  return stop === SHORT ? MORE : stop > 0 ? YES : NO;
}

/** Modbus with the MBAP header over TCP or UDP. */
export const modbus: Protocol = {
  name: 'modbus',
  transport: 'any',
  ports: [PORT],
  recognise(view, start, end, hinted) {
    const size = end - start;
    if (size >= 4 ? view.getUint16(start + 2) !== 0 : size === 3 && view.getUint8(start + 2) !== 0) return hinted ? otherProtocolId(view, start, end) : NO;
    if (size < HEADER + 1) return MORE;
    const length = view.getUint16(start + 4);
    if (length < 2 || length > MAX_LENGTH || areFrames(view, start, end)) return NO;
    return hinted ? YES : convincing(view, start, end);
  },
  open(flow, sink) {
    return new ModbusDissector(flow, sink, flow.transport, clientOf(flow), (exchange) => new Mbap(exchange));
  },
  ceilings: (sink) => waitsOf(sink).ceilings(),
};

/** Serial frames over TCP or UDP, as serial servers and gateways carry them, on whatever port. */
export const modbusRtu: Protocol = {
  name: 'modbus',
  transport: 'any',
  ports: [PORT],
  recognise: recogniseRtu,
  open: (flow, sink) => new ModbusDissector(flow, sink, 'rtu', clientOf(flow), (exchange) => new Rtu(exchange)),
};

/** The same as text. */
export const modbusAscii: Protocol = {
  name: 'modbus',
  transport: 'any',
  ports: [PORT],
  recognise: recogniseAscii,
  open: (flow, sink) => new ModbusDissector(flow, sink, 'ascii', clientOf(flow), (exchange) => new Ascii(exchange)),
};

/** The end that is not on port 502 asks, whoever opened the connection. -1: the first message will tell. */
function clientOf(flow: FlowInfo): Side | -1 {
  const [near, far] = [flow.port[0] === PORT, flow.port[1] === PORT];
  if (near !== far) return near ? 1 : 0;
  return -1;
}
