/** Numbers for people. */

export const count = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 0 });

/** `3 findings`, `1 finding`. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** `980 B`, `12.4 kB`, `3.1 GB`: decimal, as network people count. */
export function bytes(n: number): string {
  let size = n;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (size < 1000) return unit === 'B' ? `${count(size)} B` : `${size.toPrecision(3).replace(/\.?0+$/, '')} ${unit}`;
    size /= 1000;
  }
  return `${count(size)} TB`;
}

/** `12.4 k`, `1.49 M`. */
export function short(n: number): string {
  if (n < 10_000) return count(n);
  return n < 1e6 ? `${(n / 1e3).toFixed(1)} k` : `${(n / 1e6).toFixed(2)} M`;
}

/** Measured values: at most six significant digits. */
export const value = (n: number): string => (Number.isInteger(n) ? String(n) : String(Number(n.toPrecision(6))));

/** A share in percent; '–' of nothing. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  if (part === 0) return '0 %';
  const percent = (100 * part) / whole;
  return percent > 0 && percent < 0.1 ? '< 0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}
