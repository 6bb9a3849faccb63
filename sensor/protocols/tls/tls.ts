import { MORE, NO, type Protocol, YES } from '../dissector.ts';
import { Connection } from './connection.ts';
import { ledgerOf } from './ledger.ts';
import { HEADER, plausible } from './record.ts';

/** IANA: `mbap-s`. MODBUS/TCP Security v21, 6. */
const PORTS = [802];
const NAME = 'modbus-security';

/** Modbus/TCP Security: Modbus inside TLS on its port. TLS elsewhere is only named: what is inside cannot be told. */
export const modbusSecurity: Protocol = {
  name: NAME,
  transport: 'tcp',
  ports: PORTS,
  recognise(view, start, end, hinted) {
    if (!hinted || !plausible(view, start, end)) return NO;
    return end - start < HEADER ? MORE : YES;
  },
  open: (flow, sink) => new Connection(flow, sink, NAME, PORTS),
  ceilings: (sink) => ledgerOf(sink.operations).ceilings(),
};
