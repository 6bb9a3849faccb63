/** Classic BPF as the kernel takes it, for filters of frames and of system calls alike. */
import type { Linux } from './linux.ts';

/** Code, jump if true, jump if false, operand (struct sock_filter of linux/filter.h). */
export type Instruction = readonly [code: number, yes: number, no: number, k: number];

const SIZE = 8;

export function encoded(instructions: readonly Instruction[]): Buffer {
  const out = Buffer.alloc(instructions.length * SIZE);
  for (const [i, [code, yes, no, k]] of instructions.entries()) {
    out.writeUInt16LE(code, i * SIZE);
    out.writeUInt8(yes, i * SIZE + 2);
    out.writeUInt8(no, i * SIZE + 3);
    out.writeUInt32LE(k >>> 0, i * SIZE + 4);
  }
  return out;
}

/** struct sock_fprog: how many instructions, and where they are. Good as long as the program is. */
export function programHeader(linux: Linux, program: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt16LE(program.length / SIZE, 0);
  header.writeBigUInt64LE(linux.addressOf(program), 8);
  return header;
}
