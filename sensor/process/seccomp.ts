/** A filter of system calls for the sensor's process: it reads its ring and talks to the analyzer. Whatever would send, listen, write a file or start a program is refused by the kernel. */
import { encoded, type Instruction } from '../capture/bpf.ts';

/** linux/audit.h */
const ARCHITECTURES = {
  x64: 0xc000003e,
  arm64: 0xc00000b7,
} as const;
type Architecture = keyof typeof ARCHITECTURES;

/** linux/seccomp.h, linux/bpf_common.h */
const ALLOW = 0x7fff0000;
const ERRNO_EPERM = 0x00050001;
const LD_W_ABS = 0x20;
const JEQ = 0x15;
const JGE = 0x35;
const JSET = 0x45;
const RET = 0x06;
/** Numbers from here on are those of x86-64's other calling convention (x32): the same calls once more. */
const X32 = 0x4000_0000;
/** struct seccomp_data: number, architecture, then arguments of 64 bits. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENT = (n: number): number => 16 + n * 8;

/** Never needed once capturing. -1: there is no such call. */
const REFUSED: { readonly [name: string]: readonly [x64: number, arm64: number] } = {
  socket: [41, 198],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  sendto: [44, 206],
  sendmmsg: [307, 269],
  execve: [59, 221],
  execveat: [322, 281],
  fork: [57, -1],
  vfork: [58, -1],
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  creat: [85, -1],
  unlink: [87, -1],
  unlinkat: [263, 35],
  rename: [82, -1],
  renameat: [264, 38],
  renameat2: [316, 276],
  mkdir: [83, -1],
  mkdirat: [258, 34],
  rmdir: [84, -1],
  link: [86, -1],
  linkat: [265, 37],
  symlink: [88, -1],
  symlinkat: [266, 36],
  chmod: [90, -1],
  fchmod: [91, 52],
  fchmodat: [268, 53],
  chown: [92, -1],
  fchown: [93, 55],
  fchownat: [260, 54],
  truncate: [76, 45],
  mount: [165, 40],
  bpf: [321, 280],
  keyctl: [250, 219],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  // Its flags are behind a pointer, where no filter sees them.
  openat2: [437, 437],
  splice: [275, 76],
  vmsplice: [278, 75],
  tee: [276, 77],
  pidfd_getfd: [438, 438],
  kexec_load: [246, 104],
  init_module: [175, 105],
  finit_module: [313, 273],
};

/** Refused when their first argument is a ring: what is written to it goes out on the wire, and a copy of its descriptor would have another number. */
const ON_A_RING: { readonly [name: string]: readonly [x64: number, arm64: number] } = {
  write: [1, 64],
  writev: [20, 66],
  pwrite64: [18, 68],
  pwritev: [296, 70],
  pwritev2: [328, 287],
  sendmsg: [46, 211],
  sendfile: [40, 71],
  ioctl: [16, 29],
  fcntl: [72, 25],
  dup: [32, 23],
  dup2: [33, -1],
  dup3: [292, 24],
};

/** Refused when their flags say more than reading: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC. */
const OPENS: readonly { readonly numbers: readonly [x64: number, arm64: number]; readonly flags: number }[] = [
  { numbers: [2, -1], flags: 1 },
  { numbers: [257, 56], flags: 2 },
];
const WRITING = 0x1 | 0x2 | 0x40 | 0x200;

const load = (offset: number): Instruction => [LD_W_ABS, 0, 0, offset];
const result = (value: number): Instruction => [RET, 0, 0, value];

/** The instructions as the kernel takes them (struct sock_filter); null on an architecture that has no table here. `rings` are the descriptors that must not be written to. */
export function seccompProgram(architecture: string, rings: readonly number[]): Buffer | null {
  if (!Object.hasOwn(ARCHITECTURES, architecture)) return null;
  const column = architecture === 'x64' ? 0 : 1;
  const numbers = (table: typeof REFUSED): number[] => Object.values(table).flatMap((row) => (row[column] < 0 ? [] : [row[column]]));
  const special = (number: number, argument: number, test: Instruction): Instruction[] => [
    // Anything else goes on behind these four.
    [JEQ, 0, 4, number],
    load(ARGUMENT(argument)),
    test,
    result(ERRNO_EPERM),
    load(NUMBER),
  ];
  return encoded([
    load(ARCHITECTURE),
    [JEQ, 1, 0, ARCHITECTURES[architecture as Architecture]],
    result(ERRNO_EPERM),
    load(NUMBER),
    [JGE, 0, 1, X32],
    result(ERRNO_EPERM),
    ...numbers(REFUSED).flatMap((number): Instruction[] => [[JEQ, 0, 1, number], result(ERRNO_EPERM)]),
    ...rings.flatMap((fd) => numbers(ON_A_RING).flatMap((number) => special(number, 0, [JEQ, 0, 1, fd]))),
    ...OPENS.flatMap(({ numbers: row, flags }) => (row[column] < 0 ? [] : special(row[column], flags, [JSET, 0, 1, WRITING]))),
    result(ALLOW),
  ]);
}
