/** What the tests use beside the project and beside Node: captures of other people (../shared/captures), and programs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CAPTURES = fileURLToPath(new URL('../../shared/captures/', import.meta.url));

/** Path of a file among the captures. */
export const shared = (path: string): string => `${CAPTURES}${path}`;

/** Every capture file there, by its path inside the folder, sorted. */
export const captures: readonly string[] = existsSync(CAPTURES)
  ? (readdirSync(CAPTURES, { recursive: true }) as string[]).filter((path) => /\.pcap(ng)?(\.gz)?$/.test(path)).sort()
  : [];

/** Whether a program starts: `args` make it end at once. */
const starts = (program: string, args: readonly string[]): boolean => spawnSync(program, args).status === 0;

/** What a test may need, and the line that says it is not here. */
const NEEDS = {
  captures: { here: () => captures.length > 0, without: 'there are no captures beside the project (../shared/captures)' },
  tshark: { here: () => starts('tshark', ['-v']) && starts('capinfos', ['-v']), without: 'tshark and capinfos are not installed' },
  pymodbus: {
    here: () => starts('/usr/bin/python3', ['-c', 'import pymodbus']),
    without: 'pymodbus is not installed for /usr/bin/python3 (Debian: python3-pymodbus)',
  },
  live: {
    here: () => process.platform === 'linux' && process.getuid?.() === 0 && starts('ip', ['-V']) && starts('tcpreplay', ['-V']),
    without: 'live capture is tested as root on Linux, with iproute2 and tcpreplay',
  },
  elasticsearch: {
    here: () => (process.env['STILLWATCH_TEST_ELASTICSEARCH'] ?? '') !== '',
    without: 'no Elasticsearch is named in STILLWATCH_TEST_ELASTICSEARCH (test/elasticsearch/README.md says how to start one)',
  },
} as const;

/** Why a test that needs these is skipped, or false; under STILLWATCH_REQUIRE_ALL=1 a need that is not met is an error. */
export function missing(...needs: (keyof typeof NEEDS)[]): string | false {
  const what = needs.map((need) => NEEDS[need]).find((need) => !need.here())?.without;
  if (what === undefined) return false;
  if (process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(what);
  return what;
}
