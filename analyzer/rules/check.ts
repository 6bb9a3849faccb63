/** What can be wrong with a rule beyond its shape: fields nobody knows, revoked techniques, conditions, tests. */
import { technique, techniques } from '../attack.ts';
import { compileDetection } from './detection.ts';
import { Fault, quoted, suggestion } from './fault.ts';
import { FIELDS, fieldNamed } from './fields.ts';
import { itemFields } from './match.ts';
import type { Correlation, Detection, Rule } from './rule.ts';
import { FORMS, type Place, placeholders, SPECIAL } from './template.ts';

/** Throws the first Fault. What concerns other rules is `checkCorrelation`'s business. */
export function checkRule(rule: Rule): void {
  checkTags(rule.tags);
  if (rule.detection !== null) checkDetection(rule.detection);
  if (rule.correlation !== null) checkCounting(rule.correlation);
  for (const field of rule.subject) known(field, 'stillwatch.subject');
  checkTemplates(rule);
  checkTests(rule);
}

function known(name: string, path: string): void {
  if (fieldNamed(name) === null)
    throw new Fault(
      path,
      `unknown field ${quoted(name)}${suggestion(
        name,
        FIELDS.map((field) => field.name),
      )}`,
    );
}

function checkTags(tags: readonly string[]): void {
  for (const tag of tags) {
    if (!/^[a-z0-9_-]+\.[a-z0-9._-]+$/.test(tag)) throw new Fault('tags', `${quoted(tag)} is not a tag such as attack.t0836`);
    if (!tag.startsWith('attack.') || technique(tag) !== null) continue;
    const successor = techniques().find(({ former }) => `attack.${former?.toLowerCase()}` === tag);
    const hint = successor === undefined ? '' : `; it is attack.${successor.id.toLowerCase()} since v19`;
    throw new Fault('tags', `${quoted(tag)} is no current technique of ATT&CK for ICS${hint}`);
  }
}

function checkDetection(detection: Detection): void {
  compileDetection(detection);
  const { condition: _, ...selections } = detection;
  for (const [name, raw] of Object.entries(selections)) {
    for (const map of (Array.isArray(raw) ? raw : [raw]) as { [key: string]: unknown }[]) {
      for (const [key, value] of Object.entries(map)) checkItem(key, value, `detection.${name}`);
    }
  }
}

function checkItem(key: string, raw: unknown, path: string): void {
  for (const name of itemFields(key, raw)) known(name, path);
  const field = fieldNamed(key);
  if (field === null || field.words === null) return;
  for (const value of Array.isArray(raw) ? raw : [raw]) {
    if (typeof value !== 'string' || /[*?\\]/.test(value) || field.words.includes(value.toLowerCase()) || field.words.includes(value)) continue;
    throw new Fault(path, `${field.name} is never ${quoted(value)}${suggestion(value, field.words)}`);
  }
}

function checkCounting(correlation: Correlation): void {
  const { field, ...limits } = correlation.condition;
  if (Object.keys(limits).length === 0) throw new Fault('correlation.condition', 'needs gte, gt, lte, lt or eq');
  if (correlation.type === 'value_count' && field === undefined) throw new Fault('correlation.condition', 'value_count needs "field": what to count');
  if (correlation.type === 'event_count' && field !== undefined) throw new Fault('correlation.condition', 'event_count counts events and takes no "field"');
  if (correlation.timespan === 0) throw new Fault('correlation.timespan', 'must be longer than nothing');
  if (field !== undefined) known(field, 'correlation.condition.field');
  for (const name of correlation['group-by']) known(name, 'correlation.group-by');
}

function checkTemplates(rule: Rule): void {
  const texts: [string, string][] = [
    ['stillwatch.explain', rule.explain],
    ['stillwatch.respond.soc', rule.respond.soc],
    ['stillwatch.respond.plant', rule.respond.plant],
  ];
  for (const [path, text] of texts) for (const place of placeholders(text)) checkPlace(place, path);
}

function checkPlace({ name, form }: Place, path: string): void {
  const [names, forms]: [readonly string[], readonly string[]] = [SPECIAL, FORMS];
  if (!names.includes(name)) known(name, path);
  if (form !== '' && !forms.includes(form)) throw new Fault(path, `unknown form ${quoted(form)} of ${quoted(name)}${suggestion(form, forms)}`);
}

function checkTests(rule: Rule): void {
  const path = 'stillwatch.tests';
  if (!rule.tests.some(({ finds }) => finds.length > 0)) throw new Fault(path, 'a test that fires is missing');
  if (!rule.tests.some(({ finds }) => finds.length === 0)) throw new Fault(path, 'a test that stays silent is missing (finds: [])');
  for (const [i, { learned, given, finds }] of rule.tests.entries()) {
    const named = [...learned, ...given].flatMap((example) => [...Object.keys(example.fields), ...Object.keys(example.vary)]);
    for (const name of [...named, ...finds.flatMap((fields) => Object.keys(fields))]) known(name, `${path}[${i}]`);
  }
}

/** Faults between a correlation and the rules it counts. Throws a Fault; replaces ids in `rules` by names. */
export function checkCorrelation(correlation: Correlation, rules: readonly Rule[]): void {
  correlation.rules = correlation.rules.map((reference) => {
    const base = rules.find(({ name, id }) => name === reference || id === reference);
    if (base === undefined)
      throw new Fault(
        'correlation.rules',
        `there is no rule ${quoted(reference)}${suggestion(
          reference,
          rules.map(({ name }) => name),
        )}`,
      );
    if (base.detection === null) throw new Fault('correlation.rules', `${quoted(reference)} is itself a correlation`);
    if (!base.enabled) throw new Fault('correlation.rules', `${quoted(reference)} is switched off`);
    return base.name;
  });
}
