import { readFileSync } from 'node:fs';

/** Hex digits of a prefix: IEEE assigns blocks of 24, 28 and 36 bits (MA-L, MA-M, MA-S). */
const SIZES = [6, 7, 9] as const;
/** IEEE 802 section 8.2.2: set in addresses that nobody assigned, and in those of groups. */
const LOCAL = 2;
const GROUP = 1;

let makers: Map<string, string> | undefined;

/** Who was assigned the block of this MAC address (`00:1b:1b:00:00:01`); '' for unknown, local and group addresses. */
export function vendorOf(mac: string): string {
  const digits = mac.replaceAll(/[:-]/g, '').toUpperCase();
  if (!/^[0-9A-F]{12}$/.test(digits) || (Number.parseInt(digits.slice(0, 2), 16) & (LOCAL | GROUP)) !== 0) return '';
  makers ??= load();
  return makers.get(digits.slice(0, 9)) ?? makers.get(digits.slice(0, 7)) ?? makers.get(digits.slice(0, 6)) ?? '';
}

/** A line a maker: its name, then for each size its prefixes without anything between them. */
function load(): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of readFileSync(new URL('./oui.generated.txt', import.meta.url), 'utf8').split('\n')) {
    if (line.startsWith('#')) continue;
    const [name = '', ...columns] = line.split('\t');
    SIZES.forEach((size, i) => {
      const prefixes = columns[i] ?? '';
      for (let p = 0; p < prefixes.length; p += size) found.set(prefixes.slice(p, p + size), name);
    });
  }
  return found;
}
