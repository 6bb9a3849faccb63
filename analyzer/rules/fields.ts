/** Every field a rule may name: the loader refuses others, and docs/fields.md is made from this list. */

export const FIELD_TYPES = ['ip', 'mac', 'number', 'text', 'boolean', 'time', 'list', 'object', 'verdict'] as const;
export type FieldType = (typeof FIELD_TYPES)[number];

export type Field = {
  name: string;
  type: FieldType;
  meaning: string;
  /** When the field knows only these words. */
  words: readonly string[] | null;
};

type Row = [name: string, type: FieldType, meaning: string, words?: readonly string[]];

const VERDICTS = ['known', 'new', 'learning'];

// biome-ignore format: one field a line
const COMMON: Row[] = [
  ['kind', 'text', 'Kind of observation', ['modbus', 'opcua', 'opcua-channel', 'flow', 'sighting', 'identity', 'flaw', 'loss']],
  ['@timestamp', 'time', 'When the request (or the message) was seen, RFC 3339 with microseconds'],
  ['source.ip', 'ip', 'The client: the one that asks'],
  ['source.port', 'number', 'Its port'],
  ['source.mac', 'mac', 'Its link address, as far as the sensor sees it'],
  ['source.packets', 'number', 'Frames it sent in a flow'],
  ['source.bytes', 'number', 'Bytes it sent in a flow'],
  ['destination.ip', 'ip', 'The server: the one that answers; for ARP the address that is asked for'],
  ['destination.port', 'number', 'Its port'],
  ['destination.mac', 'mac', 'Its link address, as far as the sensor sees it'],
  ['destination.packets', 'number', 'Frames it sent in a flow'],
  ['destination.bytes', 'number', 'Bytes it sent in a flow'],
  ['network.transport', 'text', '`tcp`, `udp`, `icmp`, ... or `ethernet`'],
  ['network.protocol', 'text', 'Application protocol as found by content or port: `modbus`, `opcua`, `ssh`, ...'],
  ['network.vlan.id', 'number', '802.1Q VLAN; absent when untagged'],
  ['outcome', 'text', 'How a transaction ended', ['answered', 'exception', 'timeout', 'orphan', 'ambiguous', 'lost']],
  ['latency', 'number', 'Request to response, ms'],
  ['request_frame', 'number', 'Frame in which the last byte of the request arrived, from 1'],
  ['response_frame', 'number', 'The same for the response'],
  ['frame', 'number', 'Frame of an observation that is not a transaction'],
  ['first_frame', 'number', 'First frame of a flow'],
  ['last_frame', 'number', 'Last frame of a flow'],
];

// biome-ignore format: one field a line
const MODBUS: Row[] = [
  ['modbus.framing', 'text', '`tcp` or `udp` with MBAP header, `rtu` without'],
  ['modbus.transaction_id', 'number', 'MBAP transaction identifier'],
  ['modbus.unit_id', 'number', 'Unit: a device behind a gateway, else 0, 1 or 255'],
  ['modbus.function_code', 'number', 'Function code without the exception bit'],
  ['modbus.function', 'text', 'Its name: `read_holding_registers`, `write_single_coil`, `diagnostics`, `umas`, `reserved`, ...'],
  ['modbus.access', 'text', 'What the function does', ['read', 'write', 'diagnostic', 'identify', 'program', 'other']],
  ['modbus.table', 'text', 'Which table it touches', ['coils', 'discrete_inputs', 'holding_registers', 'input_registers']],
  ['modbus.address', 'number', 'First address, from 0 as on the wire'],
  ['modbus.quantity', 'number', 'Coils or registers asked for'],
  ['modbus.range', 'text', 'Table and addresses as people say them: `holding_registers 100-109`'],
  ['modbus.values', 'list', 'Values read or written, as numbers'],
  ['modbus.exception_code', 'number', 'Why the server refused; absent when it did not'],
  ['modbus.exception', 'text', 'Its name: `illegal_function`, `illegal_data_address`, ...'],
  ['modbus.sub_function', 'number', 'Sub-function of diagnostics (function 8)'],
  ['modbus.mei_type', 'number', 'MEI type of function 43: 13 CANopen, 14 device identification'],
  ['modbus.read_device_id_code', 'number', 'Which objects of an identification are asked for: 1 basic, 2 regular, 3 extended, 4 one'],
  ['modbus.object_id', 'number', 'First object of an identification asked for'],
  ['modbus.conformity_level', 'number', 'What a device can tell about itself'],
  ['modbus.more_follows', 'boolean', 'More objects of an identification follow'],
  ['modbus.next_object_id', 'number', 'Where they go on'],
  ['modbus.device_identification', 'object', 'Objects that a device told: vendor_name, product_code, major_minor_revision, ...'],
  ['modbus.umas_function', 'number', 'Schneider UMAS function (in function 90)'],
  ['modbus.umas_session', 'number', 'UMAS session key'],
  ['modbus.and_mask', 'number', 'AND mask of a mask write (function 22)'],
  ['modbus.or_mask', 'number', 'OR mask of a mask write'],
  ['modbus.write_address', 'number', 'Where a read/write (function 23) writes'],
  ['modbus.write_quantity', 'number', 'How many registers it writes'],
  ['modbus.write_values', 'list', 'What it writes'],
  ['modbus.records', 'list', 'File records asked for or written: file, record, length, data'],
  ['modbus.response_records', 'list', 'File records read'],
  ['modbus.status', 'number', 'Exception status (function 7) or status word (11, 12)'],
  ['modbus.event_count', 'number', 'Communication events counted by the device'],
  ['modbus.message_count', 'number', 'Messages counted by the device'],
  ['modbus.events', 'text', 'Its event log, hexadecimal'],
  ['modbus.server_id', 'text', 'Answer to report server id, hexadecimal'],
  ['modbus.server_text', 'text', 'Its readable part'],
  ['modbus.run_indicator', 'text', 'Whether the device says that it runs', ['on', 'off', 'unknown']],
  ['modbus.data', 'text', 'Request bytes of functions that are not decoded further, hexadecimal'],
  ['modbus.response_data', 'text', 'Response bytes likewise'],
  ['modbus.flaws', 'list', 'What is out of spec: `protocol_id`, `length_mismatch`, `exception_in_request`, `function_zero`, `bad_exception_code`, `quantity_over_limit`, `byte_count_mismatch`, `bad_coil_value`, `trailing_bytes`, `address_over_limit`, `echo_mismatch`, `unknown_mei_type`, `bad_reference_type`, `oversized`, ...'],
];

// biome-ignore format: one field a line
const OPCUA: Row[] = [
  ['opcua.message_type', 'text', 'HEL, ACK, ERR, RHE, OPN, CLO or MSG'],
  ['opcua.response_message_type', 'text', 'That of the answer'],
  ['opcua.channel_id', 'number', 'Secure channel'],
  ['opcua.token_id', 'number', 'Its security token'],
  ['opcua.request_id', 'number', 'Number of the request on its channel'],
  ['opcua.request_handle', 'number', 'Handle chosen by the client'],
  ['opcua.service', 'text', 'Service as named in Part 4: `Read`, `Write`, `CreateSession`, ...'],
  ['opcua.type_id', 'number', 'Binary encoding id of the request'],
  ['opcua.response_type_id', 'number', 'That of the response'],
  ['opcua.status', 'text', 'Service result by name: `Good`, `BadUserAccessDenied`, ...'],
  ['opcua.visibility', 'text', 'What the sensor can read of the body', ['readable', 'signed', 'encrypted', 'opaque', 'unknown']],
  ['opcua.security_policy', 'text', 'Short name: `None`, `Basic256Sha256`, `Aes256_Sha256_RsaPss`, ...'],
  ['opcua.security_mode', 'text', 'Message security mode of the channel', ['Invalid', 'None', 'Sign', 'SignAndEncrypt']],
  ['opcua.access', 'text', 'What the service does', ['read', 'write', 'call', 'session', 'discovery', 'subscribe', 'manage', 'other']],
  ['opcua.endpoint_url', 'text', 'Endpoint that the client names'],
  ['opcua.application_uri', 'text', 'Application that the client says it is'],
  ['opcua.application_name', 'text', 'Its name for people'],
  ['opcua.product_uri', 'text', 'Its product'],
  ['opcua.server_uri', 'text', 'Server that the client means, or that registers itself'],
  ['opcua.session_name', 'text', 'Name of a session'],
  ['opcua.user_token', 'text', 'How a session says who its user is', ['anonymous', 'username', 'certificate', 'issued']],
  ['opcua.user', 'text', 'User name'],
  ['opcua.password', 'text', 'How the password travelled; the password itself is never kept', ['absent', 'clear', 'encrypted']],
  ['opcua.endpoints', 'list', 'Endpoints that a server offers'],
  ['opcua.endpoints.url', 'text', 'URL of each'],
  ['opcua.endpoints.endpoint_url', 'text', 'URL of each'],
  ['opcua.endpoints.security_policy', 'text', 'Security policy of each'],
  ['opcua.endpoints.security_mode', 'text', 'Security mode of each'],
  ['opcua.nodes', 'list', 'Nodes that a request touches, in its order'],
  ['opcua.nodes.node_id', 'text', 'Node id of each: `i=2258`, `ns=2;s=Pump.Speed`'],
  ['opcua.nodes.attribute_id', 'number', 'Attribute of each: 13 is Value'],
  ['opcua.nodes.value', 'object', 'Value read or written of each'],
  ['opcua.nodes.type', 'text', 'Data type of each value'],
  ['opcua.nodes.status', 'text', 'Result of each'],
  ['opcua.methods', 'list', 'Methods called'],
  ['opcua.methods.object_id', 'text', 'Object of each'],
  ['opcua.methods.method_id', 'text', 'Method of each'],
  ['opcua.methods.status', 'text', 'Result of each'],
  ['opcua.flaws', 'list', 'What is out of spec'],
];

// biome-ignore format: one field a line
const OTHERS: Row[] = [
  ['flow.event', 'text', 'What happened to a conversation', ['start', 'identified', 'end']],
  ['flow.state', 'text', 'How it ended: `closed`, `reset`, `refused`, `unanswered` (only one side spoke), `idle`'],
  ['flow.start', 'time', 'When it began'],
  ['flow.duration', 'number', 'How long it was, ms'],
  ['flow.gaps', 'number', 'Holes in it'],
  ['flow.lost_bytes', 'number', 'Bytes in them'],
  ['flow.retransmitted', 'number', 'Segments that were sent again'],
  ['flow.duplicates', 'number', 'Frames that the mirror port delivered twice'],
  ['sighting.type', 'text', 'What showed a device: `arp`, `dhcp`, `dns`, `mdns`, `nbns`, `lldp`, ...'],
  ['sighting.operation', 'text', '`request`, `reply`, ...'],
  ['loss.reason', 'text', 'Why the sensor could not see: `stream_gap`, `kernel_drop`, ...'],
  ['loss.frames', 'number', 'Frames that were lost'],
  ['loss.bytes', 'number', 'Bytes that were lost'],
  ['flaw.reason', 'text', 'What made no sense'],
  ['flaw.bytes', 'number', 'Bytes skipped'],
];

// biome-ignore format: one field a line
const BASELINE: Row[] = [
  ['baseline.client', 'verdict', 'Has the source ever been a client of this protocol?', VERDICTS],
  ['baseline.peer', 'verdict', 'Is it known that this client talks this protocol to this server and port?', VERDICTS],
  ['baseline.access', 'verdict', 'Is it known that this client has this kind of access (read, write, ...) to this server and unit?', VERDICTS],
  ['baseline.operation', 'verdict', 'Is it known that this client uses this function or service on this server and unit?', VERDICTS],
  ['baseline.point', 'verdict', 'Is it known that every address or node touched here has this kind of access?', VERDICTS],
  ['baseline.asset', 'verdict', 'Is the source a known device?', VERDICTS],
];

const field = ([name, type, meaning, words]: Row): Field => ({ name, type, meaning, words: words ?? null });

/** In the order of docs/fields.md. */
export const FIELDS: readonly Field[] = [...COMMON, ...MODBUS, ...OPCUA, ...OTHERS, ...BASELINE].map(field);

const BY_NAME = new Map(FIELDS.map((one) => [one.name, one]));

/** The documented field of that name; a name inside a documented object (`modbus.device_identification.vendor_name`) is that object. */
export function fieldNamed(name: string): Field | null {
  const known = BY_NAME.get(name);
  if (known !== undefined) return known;
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const outer = BY_NAME.get(name.slice(0, dot));
    if (outer?.type === 'object') return outer;
  }
  return null;
}
