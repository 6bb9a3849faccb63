/**
 * System calls of Linux that Node does not have, through koffi. Each gives the C result; a failure throws a SystemError with the errno's name.
 * Structures are laid out by hand in Buffers: little-endian and 64-bit, as x86-64 and arm64 are.
 */
import { constants, endianness } from 'node:os';
import { InputError } from './source.ts';

/** A system call that failed: `code` is `EPERM`, `ENODEV`, ... */
export class SystemError extends Error {
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = Object.entries(constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
    super(`${call}: ${code}`);
    this.code = code;
  }
}

type Call = ((...args: unknown[]) => number) & { async(...args: unknown[]): void };

export type Linux = {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array): void;
  setOption(fd: number, level: number, option: number, value: Uint8Array): void;
  /** Fills `value`. */
  getOption(fd: number, level: number, option: number, value: Uint8Array): void;
  /** Maps `size` bytes of a descriptor, for reading and writing, until `unmap`. */
  map(fd: number, size: number): Mapping;
  close(fd: number): void;
  /** Waits up to `timeout` ms, off the main thread, until the descriptor has something to tell, be it an error: whether it has. */
  poll(fd: number, timeout: number): Promise<boolean>;
  /** Index of an interface, 0 for none of that name. */
  interfaceIndex(name: string): number;
  /** A pointer to bytes, for structures that hold one; good as long as the bytes are. */
  addressOf(bytes: Uint8Array): bigint;
  prctl(option: number, ...args: (number | bigint)[]): number;
  /** Any call by its number, with three arguments. */
  syscall(number: number, ...args: (number | bigint)[]): number;
  /** Replaces this process. Returns only by throwing. */
  exec(path: string, args: readonly string[], environment: readonly string[]): never;
  /** Whether somebody keeps the system clock right, as the kernel was told (adjtimex(2)). */
  clockIsKept(): boolean;
  /** Lets a descriptor live on in the process that replaces this one. */
  keepOnExec(fd: number): void;
  /** Gives up all capabilities of this thread, and so of what replaces this process. */
  dropCapabilities(): void;
};

export type Mapping = { bytes: ArrayBuffer; unmap(): void };

/** MAP_FAILED */
const FAILED = 0xffff_ffff_ffff_ffffn;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const F_SETFD = 2;
/** Bytes of struct timex, with room to spare; the state of a clock that nobody keeps. */
const TIMEX = 256;
const TIME_ERROR = 5;
/** _LINUX_CAPABILITY_VERSION_3 */
const CAPABILITY_VERSION = 0x20080522;
/** `POLLIN | POLLERR`: a ring's descriptor tells of blocks, and of its interface going down. */
const POLL_EVENTS = 0x1 | 0x8;

let loaded: Promise<Linux> | undefined;

/** The system calls. Throws an InputError where they are not to be had. */
export function linux(): Promise<Linux> {
  loaded ??= load();
  return loaded;
}

type Koffi = typeof import('koffi').default;

async function load(): Promise<Linux> {
  if (process.platform !== 'linux' || endianness() !== 'LE')
    throw new InputError(`the ring driver needs Linux (this is ${process.platform}); choose --driver pcap`);
  try {
    return callsOf((await import('koffi')).default);
  } catch (error) {
    throw new InputError(`the ring driver cannot load koffi (${(error as Error).message.split('\n')[0]}); install with npm ci, or choose --driver pcap`);
  }
}

/** A function of libc whose negative result is an error. */
function checked(koffi: Koffi, definition: string): (...args: unknown[]) => number {
  const call = koffi.load(null).func(definition) as unknown as Call;
  const name = /(\w+)\(/.exec(definition)?.[1] ?? definition;
  return (...args) => {
    const result = call(...args);
    if (result < 0) throw new SystemError(name, koffi.errno());
    return result;
  };
}

function callsOf(koffi: Koffi): Linux {
  const call = (definition: string) => checked(koffi, definition);
  const bind = call('int bind(int, const void *, uint32_t)');
  const setsockopt = call('int setsockopt(int, int, int, const void *, uint32_t)');
  const getsockopt = call('int getsockopt(int, int, int, void *, void *)');
  const close = call('int close(int)');
  const fcntl = call('int fcntl(int, int, int)');
  const prctl = call('int prctl(int, uint64_t, uint64_t, uint64_t, uint64_t)');
  const execve = call('int execve(const char *, const char **, const char **)');
  const syscall = call('long syscall(long, ...)');
  const capset = call('int capset(void *, const void *)');
  const index = call('unsigned int if_nametoindex(const char *)');
  const adjtimex = call('int adjtimex(void *)');
  return {
    socket: call('int socket(int, int, int)'),
    bind: (fd, address) => void bind(fd, address, address.length),
    setOption: (fd, level, option, value) => void setsockopt(fd, level, option, value, value.length),
    getOption: (fd, level, option, value) => void getsockopt(fd, level, option, value, Buffer.from(Uint32Array.of(value.length).buffer)),
    map: mapper(koffi),
    close: (fd) => void close(fd),
    poll: poller(koffi),
    interfaceIndex: (name) => index(name),
    addressOf: (bytes) => koffi.address(bytes),
    prctl: (option, ...args) => prctl(option, ...[0, 1, 2, 3].map((i) => args[i] ?? 0)),
    syscall: (number, ...args) => syscall(number, ...args.flatMap((value) => ['uint64_t', value])),
    exec(path, args, environment) {
      execve(path, [...args, null], [...environment, null]);
      throw new SystemError('execve', koffi.errno());
    },
    clockIsKept: () => adjtimex(Buffer.alloc(TIMEX)) !== TIME_ERROR,
    keepOnExec: (fd) => void fcntl(fd, F_SETFD, 0),
    dropCapabilities: () => void capset(Buffer.from(Uint32Array.of(CAPABILITY_VERSION, 0).buffer), Buffer.alloc(24)),
  };
}

function mapper(koffi: Koffi): Linux['map'] {
  const mmap = koffi.load(null).func('void *mmap(void *, size_t, int, int, int, int64_t)');
  const munmap = checked(koffi, 'int munmap(void *, size_t)');
  return (fd, size) => {
    const at = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0) as unknown;
    if (at === null || koffi.address(at) === FAILED) throw new SystemError('mmap', koffi.errno());
    return { bytes: koffi.view(at, size), unmap: () => void munmap(at, size) };
  };
}

function poller(koffi: Koffi): Linux['poll'] {
  const poll = koffi.load(null).func('int poll(void *, unsigned long, int)') as unknown as Call;
  return (fd, timeout) => {
    const request = Buffer.alloc(8);
    request.writeInt32LE(fd, 0);
    request.writeInt16LE(POLL_EVENTS, 4);
    return new Promise((resolve, reject) =>
      // What poll writes into the request does not come back from another thread; how many descriptors it tells of does.
      poll.async(request, 1, timeout, (error: Error | null, count: number) => (error === null ? resolve(count > 0) : reject(error))),
    );
  };
}
