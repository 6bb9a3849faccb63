/** Modbus requests, from the function code on (V1.1b3 section 6). */
import type { Value } from '../../observation.ts';
import { CANOPEN, diagnosticName, FORCE_LISTEN_ONLY, READ_DEVICE_IDENTIFICATION } from './functions.ts';
import type { Tuple } from './observe.ts';
import { hexText, readFileRequest, writeFileRecords } from './records.ts';
import { UMAS, umasRequest } from './umas.ts';

/** Section 6: the most a request may ask for. */
const MOST_READ_BITS = 2000;
const MOST_READ_REGISTERS = 125;
const MOST_WRITE_BITS = 1968;
const MOST_WRITE_REGISTERS = 123;
const MOST_EXCHANGE_WRITE = 121;

/** One parsed request; reused. Numbers are -1 where the function has no such field. */
export class Request implements Tuple {
  unit = 0;
  code = 0;
  mei = 0;
  address: number | null = null;
  quantity: number | null = null;
  sub: number | null = null;
  /** Key words of the operation besides the peer. */
  a = 0;
  b = 0;
  c = 0;
  /** Values the request carries: registers, or bits when `bits`; `valueCount` of them from `valueAt` in the view. */
  valueAt = 0;
  valueCount = 0;
  bits = false;
  /** Its transaction repeats as a row of numbers: no fields beyond address, quantity and values. */
  plain = false;
  /** The specification wants no response to it. */
  oneWay = false;
  /** Bytes of a UMAS transfer. */
  block: Uint8Array | null = null;
  flaws: string[] | null = null;
  more: { [field: string]: Value } | null = null;

  flaw(id: string): void {
    this.flaws ??= [];
    if (!this.flaws.includes(id)) this.flaws.push(id);
  }

  add(field: string, value: Value): void {
    this.more ??= {};
    this.more[field] = value;
  }

  /** Reads the PDU `start..end` of `view`. */
  parse(view: DataView, start: number, end: number, unit: number): void {
    this.unit = unit;
    const first = view.getUint8(start);
    this.code = first & 0x7f;
    this.mei = 0;
    this.address = null;
    this.quantity = null;
    this.sub = null;
    this.valueCount = 0;
    this.bits = false;
    this.plain = true;
    this.oneWay = false;
    this.block = null;
    this.flaws = null;
    this.more = null;
    this.c = 0;
    if (first >= 0x80) this.exceptionInRequest(view, start, end);
    else if (first <= 4 && first > 0) this.readRange(view, start, end);
    else this.other(view, start, end);
    this.a = (unit << 8) | this.code | ((((this.sub ?? 0) + this.mei * 31) & 0xffff) << 16);
    this.b = ((this.address ?? 0) << 16) | (this.quantity ?? 0);
  }

  private readRange(view: DataView, start: number, end: number): void {
    if (!this.sized(end - start, 5)) return;
    this.address = view.getUint16(start + 1);
    this.quantity = view.getUint16(start + 3);
    const most = this.code <= 2 ? MOST_READ_BITS : MOST_READ_REGISTERS;
    if (this.quantity === 0 || this.quantity > most) this.flaw('quantity_over_limit');
    this.inSpace();
  }

  private other(view: DataView, start: number, end: number): void {
    const size = end - start;
    switch (this.code) {
      case 5:
      case 6:
        return this.single(view, start, size);
      case 15:
        return this.many(view, start, end, MOST_WRITE_BITS, true);
      case 16:
        return this.many(view, start, end, MOST_WRITE_REGISTERS, false);
      default:
        this.plain = false;
        return this.rare(view, start, end, size);
    }
  }

  private rare(view: DataView, start: number, end: number, size: number): void {
    switch (this.code) {
      case 7:
      case 11:
      case 12:
      case 17:
        this.sized(size, 1);
        return;
      case 8:
        return this.diagnostics(view, start, end);
      case 20:
        return readFileRequest(this, view, start, end);
      case 21:
        this.add('modbus.records', writeFileRecords(this, view, start, end));
        return;
      case 22:
        return this.mask(view, start, size);
      case 23:
        return this.exchange(view, start, end);
      case 24:
        if (this.sized(size, 3)) this.address = view.getUint16(start + 1);
        return;
      case 43:
        return this.encapsulated(view, start, end);
      case UMAS:
        return umasRequest(this, view, start, end);
      default:
        return this.raw(view, start, end);
    }
  }

  private single(view: DataView, start: number, size: number): void {
    if (!this.sized(size, 5)) return;
    this.address = view.getUint16(start + 1);
    this.quantity = 1;
    this.valueAt = start + 3;
    this.valueCount = 1;
    if (this.code === 5) {
      // Section 6.5: 0xFF00 is on, 0x0000 off, everything else illegal; the bit lies in the first byte.
      this.bits = true;
      const value = view.getUint16(start + 3);
      if (value !== 0 && value !== 0xff00) this.flaw('bad_coil_value');
    }
  }

  private many(view: DataView, start: number, end: number, most: number, bits: boolean): void {
    if (end - start < 6) return this.flaw('length_mismatch');
    this.address = view.getUint16(start + 1);
    this.quantity = view.getUint16(start + 3);
    const bytes = view.getUint8(start + 5);
    if (this.quantity === 0 || this.quantity > most) this.flaw('quantity_over_limit');
    if (bytes !== (bits ? (this.quantity + 7) >> 3 : this.quantity * 2)) this.flaw('byte_count_mismatch');
    if (end - start !== 6 + bytes) this.flaw('length_mismatch');
    this.inSpace();
    this.bits = bits;
    this.valueAt = start + 6;
    const room = end - this.valueAt;
    this.valueCount = Math.min(this.quantity, bits ? room * 8 : room >> 1);
  }

  private diagnostics(view: DataView, start: number, end: number): void {
    if (end - start < 3) return this.flaw('length_mismatch');
    this.sub = view.getUint16(start + 1);
    this.oneWay = this.sub === FORCE_LISTEN_ONLY;
    if (diagnosticName(this.sub) === 'reserved') this.flaw('reserved_sub_function');
    else if (this.sub !== 0) this.sized(end - start, 5);
    this.add('modbus.data', hexText(view, start + 3, end));
  }

  private mask(view: DataView, start: number, size: number): void {
    if (!this.sized(size, 7)) return;
    this.address = view.getUint16(start + 1);
    this.quantity = 1;
    this.add('modbus.and_mask', view.getUint16(start + 3));
    this.add('modbus.or_mask', view.getUint16(start + 5));
  }

  /** Section 6.17: address and quantity are those of the read; the write has its own fields. */
  private exchange(view: DataView, start: number, end: number): void {
    if (end - start < 10) return this.flaw('length_mismatch');
    this.address = view.getUint16(start + 1);
    this.quantity = view.getUint16(start + 3);
    const address = view.getUint16(start + 5);
    const quantity = view.getUint16(start + 7);
    const bytes = view.getUint8(start + 9);
    if (this.quantity === 0 || this.quantity > MOST_READ_REGISTERS || quantity === 0 || quantity > MOST_EXCHANGE_WRITE) this.flaw('quantity_over_limit');
    if (bytes !== quantity * 2) this.flaw('byte_count_mismatch');
    if (end - start !== 10 + bytes) this.flaw('length_mismatch');
    this.c = (address << 16) | quantity;
    const values: number[] = [];
    for (let at = start + 10; at + 2 <= end && values.length < quantity; at += 2) values.push(view.getUint16(at));
    this.add('modbus.write_address', address);
    this.add('modbus.write_quantity', quantity);
    this.add('modbus.write_values', values);
    this.inSpace();
  }

  private encapsulated(view: DataView, start: number, end: number): void {
    if (end - start < 2) return this.flaw('length_mismatch');
    this.mei = view.getUint8(start + 1);
    if (this.mei === READ_DEVICE_IDENTIFICATION) {
      if (!this.sized(end - start, 4)) return;
      this.sub = view.getUint8(start + 2);
      this.add('modbus.object_id', view.getUint8(start + 3));
    } else {
      if (this.mei !== CANOPEN) this.flaw('unknown_mei_type');
      this.add('modbus.data', hexText(view, start + 2, end));
    }
  }

  /** Only servers raise exceptions: a request with that bit is somebody testing, or two clients on one line. */
  private exceptionInRequest(view: DataView, start: number, end: number): void {
    this.plain = false;
    this.c = 1;
    this.flaw('exception_in_request');
    this.raw(view, start, end);
  }

  private raw(view: DataView, start: number, end: number): void {
    if (this.code === 0) this.flaw('function_zero');
    if (end - start > 1) this.add('modbus.data', hexText(view, start + 1, end));
  }

  /** Section 4.4: an address space has 65,536 places. */
  private inSpace(): void {
    if ((this.address ?? 0) + (this.quantity ?? 0) > 65_536) this.flaw('address_over_limit');
  }

  /** A PDU of fixed size: longer is flagged and read, shorter is flagged and left. */
  private sized(size: number, wanted: number): boolean {
    if (size !== wanted) this.flaw(size > wanted ? 'trailing_bytes' : 'length_mismatch');
    return size >= wanted;
  }
}

/** Value `n` of the request, from its bytes. */
export function requestValue(q: Request, view: DataView, n: number): number {
  if (q.code === 5) return view.getUint16(q.valueAt) === 0 ? 0 : 1;
  if (q.bits) return (view.getUint8(q.valueAt + (n >> 3)) >> (n & 7)) & 1;
  return view.getUint16(q.valueAt + 2 * n);
}
