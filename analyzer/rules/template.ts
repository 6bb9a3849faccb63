/** `explain` texts: `{source} wrote {modbus.range} of {destination}`. Names in braces are fields or one of SPECIAL; `{loss.duration|time}` says ms as a span of time. */

/** `source`, `destination`: name and address. `nearest`: the nearest facts in words. `count`: repeats, or what a correlation counted. */
export const SPECIAL = ['source', 'destination', 'nearest', 'count'] as const;
/** How a number may be said. */
export const FORMS = ['time'] as const;

const BRACES = /\{([^{}]+)\}/g;
/** `{baseline.operation.nearest}` says the same as `{nearest}`. */
const NEAREST = /^baseline\.\w+\.nearest$/;

/** A place of a template: what stands there, and in what form; '' for as it is. */
export type Place = { name: string; form: string };

/** The places in braces, in their order; every way to say `nearest` is `nearest`. */
export function placeholders(template: string): Place[] {
  return [...template.matchAll(BRACES)].map((match) => place(match[1] as string));
}

/** Fills in a template; `text` says what stands at a place. */
export function fill(template: string, text: (place: Place) => string): string {
  return template.replace(BRACES, (_, inside: string) => text(place(inside)));
}

function place(inside: string): Place {
  const [name = '', form = ''] = inside.split('|').map((part) => part.trim());
  return { name: NEAREST.test(name) ? 'nearest' : name, form };
}
