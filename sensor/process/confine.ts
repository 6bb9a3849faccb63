/** Giving up what the sensor's process does not need: capabilities before it becomes itself, system calls once it captures. */
import { readFileSync } from 'node:fs';
import { programHeader } from '../capture/bpf.ts';
import type { Linux } from '../capture/linux.ts';
import type { Confined } from './message.ts';
import { seccompProgram } from './seccomp.ts';

/** linux/prctl.h, linux/securebits.h, linux/seccomp.h */
const PR_SET_DUMPABLE = 4;
const PR_CAPBSET_DROP = 24;
const PR_SET_SECUREBITS = 28;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
/** Root is nobody special from the next program on, and that cannot be taken back. */
const NOROOT_LOCKED = 0x1 | 0x2;
const LAST_CAPABILITY = 63;
const SECCOMP_SET_MODE_FILTER = 1;
/** All threads of the process. */
const SECCOMP_FILTER_FLAG_TSYNC = 1;
const SYS_SECCOMP: { readonly [architecture: string]: number } = { x64: 317, arm64: 277 };

/** Sees to it that the program that replaces this one has no capabilities and can get none, whoever its user is and whatever its file says. */
export function giveUpPrivileges(linux: Linux): void {
  attempt(() => linux.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL));
  for (let capability = 0; capability <= LAST_CAPABILITY; capability++) attempt(() => linux.prctl(PR_CAPBSET_DROP, capability));
  attempt(() => linux.prctl(PR_SET_SECUREBITS, NOROOT_LOCKED));
  linux.prctl(PR_SET_NO_NEW_PRIVS, 1);
  linux.dropCapabilities();
}

/** Has the kernel refuse every system call that capturing does not need, in all threads; says how it went. `rings` are the descriptors of what is captured from. */
export function confine(linux: Linux, rings: readonly number[]): Confined {
  attempt(() => linux.prctl(PR_SET_DUMPABLE, 0));
  const program = seccompProgram(process.arch, rings);
  const number = SYS_SECCOMP[process.arch];
  let seccomp = false;
  if (program !== null && number !== undefined) {
    const header = programHeader(linux, program);
    seccomp = attempt(() => linux.syscall(number, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, linux.addressOf(header)));
  }
  return { capabilities: effectiveCapabilities(), seccomp };
}

/** As /proc tells them: sixteen hexadecimal digits, '' where it does not. */
function effectiveCapabilities(): string {
  try {
    return /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** What is not permitted was given up before: false, and nothing else. */
function attempt(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch {
    return false;
  }
}
