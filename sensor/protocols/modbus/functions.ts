/** What each Modbus function code is called and does (Modbus Application Protocol V1.1b3, section 6; UMAS is Schneider's). */

export type Access = 'read' | 'write' | 'diagnostic' | 'identify' | 'program' | 'other';
export type Table = 'coils' | 'discrete_inputs' | 'holding_registers' | 'input_registers' | null;
/** Section 5.1: who decides what a code means. */
export type Category = 'public' | 'user_defined' | 'reserved' | 'unassigned';
export type FunctionInfo = { name: string; access: Access; table: Table; category: Category };

const info = (name: string, access: Access, table: Table = null): FunctionInfo => ({ name, access, table, category: 'public' });
const legacy = (name: string): FunctionInfo => ({ name, access: 'other', table: null, category: 'reserved' });

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
  // Annex A: codes reserved for what companies made before the specification; what each did is known of some.
  [9, legacy('program_484')],
  [10, legacy('poll_484')],
  [13, legacy('program_controller')],
  [14, legacy('poll_controller')],
  [18, legacy('program_884_m84')],
  [19, legacy('reset_communication_link')],
  [40, legacy('program_concept')],
  [41, legacy('reserved')],
  [42, legacy('reserved')],
  [90, { ...legacy('umas'), access: 'program' }],
  [91, legacy('reserved')],
  [125, legacy('firmware_replacement')],
  [126, legacy('program_584_984')],
  [127, legacy('report_local_address')],
]);

const USER: FunctionInfo = { name: 'user_defined', access: 'other', table: null, category: 'user_defined' };
const unknown: FunctionInfo = { name: 'unknown', access: 'other', table: null, category: 'unassigned' };
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
  return (code >= 65 && code <= 72) || (code >= 100 && code <= 110) ? USER : unknown;
}

/** Sub-functions of diagnostics (section 6.8.1); 21 is that of Modbus Plus. */
const DIAGNOSTICS = new Map<number, string>([
  [0, 'return_query_data'],
  [1, 'restart_communications'],
  [2, 'return_diagnostic_register'],
  [3, 'change_ascii_delimiter'],
  [4, 'force_listen_only_mode'],
  [10, 'clear_counters'],
  [11, 'return_bus_message_count'],
  [12, 'return_bus_communication_error_count'],
  [13, 'return_bus_exception_error_count'],
  [14, 'return_server_message_count'],
  [15, 'return_server_no_response_count'],
  [16, 'return_server_nak_count'],
  [17, 'return_server_busy_count'],
  [18, 'return_bus_character_overrun_count'],
  [20, 'clear_overrun_counter'],
  [21, 'modbus_plus_statistics'],
]);
export const FORCE_LISTEN_ONLY = 4;

/** Name of a diagnostics sub-function, `reserved` when the specification has none. */
export const diagnosticName = (sub: number | null): string => DIAGNOSTICS.get(sub ?? -1) ?? 'reserved';

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
