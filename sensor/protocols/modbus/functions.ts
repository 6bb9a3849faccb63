/** What each Modbus function code is called and does (Modbus Application Protocol V1.1b3, section 6; UMAS is Schneider's). */

export type Access = 'read' | 'write' | 'diagnostic' | 'identify' | 'program' | 'other';
export type Table = 'coils' | 'discrete_inputs' | 'holding_registers' | 'input_registers' | null;
export type FunctionInfo = { name: string; access: Access; table: Table };

const info = (name: string, access: Access, table: Table = null): FunctionInfo => ({ name, access, table });

const FUNCTIONS = new Map<number, FunctionInfo>([
  [1, info('read_coils', 'read', 'coils')],
  [2, info('read_discrete_inputs', 'read', 'discrete_inputs')],
  [3, info('read_holding_registers', 'read', 'holding_registers')],
  [4, info('read_input_registers', 'read', 'input_registers')],
  [5, info('write_single_coil', 'write', 'coils')],
  [6, info('write_single_register', 'write', 'holding_registers')],
  [7, info('read_exception_status', 'diagnostic')],
  [8, info('diagnostics', 'diagnostic')],
  [11, info('get_comm_event_counter', 'diagnostic')],
  [12, info('get_comm_event_log', 'diagnostic')],
  [15, info('write_multiple_coils', 'write', 'coils')],
  [16, info('write_multiple_registers', 'write', 'holding_registers')],
  [17, info('report_server_id', 'identify')],
  [20, info('read_file_record', 'read')],
  [21, info('write_file_record', 'write')],
  [22, info('mask_write_register', 'write', 'holding_registers')],
  // A read and a write in one: what it may change decides.
  [23, info('read_write_multiple_registers', 'write', 'holding_registers')],
  [24, info('read_fifo_queue', 'read', 'holding_registers')],
  [43, info('encapsulated_interface_transport', 'other')],
  [90, info('umas', 'program')],
]);

/** V1.1b3 section 5.1 and annex A: codes reserved for legacy products. */
const RESERVED = new Set([9, 10, 13, 14, 18, 19, 40, 41, 42, 91, 125, 126, 127]);
const USER = info('user_defined', 'other');
const reserved = info('reserved', 'other');
const unknown = info('unknown', 'other');
const identification = info('read_device_identification', 'identify');
const canopen = info('canopen_general_reference', 'other');

export const READ_DEVICE_IDENTIFICATION = 14;
export const CANOPEN = 13;

/** Properties of a function code without its exception bit; `mei` is the MEI type of function 43, else 0. */
export function functionInfo(code: number, mei = 0): FunctionInfo {
  if (code === 43 && mei === READ_DEVICE_IDENTIFICATION) return identification;
  if (code === 43 && mei === CANOPEN) return canopen;
  const known = FUNCTIONS.get(code);
  if (known !== undefined) return known;
  if ((code >= 65 && code <= 72) || (code >= 100 && code <= 110)) return USER;
  return RESERVED.has(code) ? reserved : unknown;
}

/** V1.1b3 section 7. */
const EXCEPTIONS: { [code: number]: string } = {
  1: 'illegal_function',
  2: 'illegal_data_address',
  3: 'illegal_data_value',
  4: 'server_device_failure',
  5: 'acknowledge',
  6: 'server_device_busy',
  7: 'negative_acknowledge',
  8: 'memory_parity_error',
  10: 'gateway_path_unavailable',
  11: 'gateway_target_device_failed_to_respond',
};

/** Name of an exception code, '' when the specification knows none. */
export const exceptionName = (code: number): string => EXCEPTIONS[code] ?? '';

/** `holding_registers 100-109`, as people say it; addresses as on the wire, from 0. */
export function rangeText(table: string | null, address: number | null, quantity: number | null): string | null {
  if (table === null || address === null) return null;
  if (quantity === null || quantity <= 1) return `${table} ${address}`;
  return `${table} ${address}-${address + quantity - 1}`;
}
