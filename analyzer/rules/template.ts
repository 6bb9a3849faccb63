/** `explain` texts: `{source} wrote {modbus.range} of {destination}`. Names in braces are fields or one of SPECIAL. */

/** `source`, `destination`: name and address. `nearest`: the nearest facts in words. `count`: repeats, or what a correlation counted. */
export const SPECIAL = ['source', 'destination', 'nearest', 'count'] as const;

const BRACES = /\{([^{}]*)\}/g;
/** `{baseline.operation.nearest}` says the same as `{nearest}`. */
const NEAREST = /^baseline\.\w+\.nearest$/;

/** The names in braces; every way to say `nearest` is `nearest`. */
export function placeholders(template: string): string[] {
  return [...template.matchAll(BRACES)].map((match) => plain(match[1] as string));
}

const plain = (name: string): string => (NEAREST.test(name) ? 'nearest' : name);

/** Fills in a template; `text` says what stands for a name. */
export function fill(template: string, text: (name: string) => string): string {
  return template.replace(BRACES, (_, name: string) => text(plain(name)));
}
