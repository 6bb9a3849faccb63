/** The shape of a rule file, and its faults in words. What needs knowledge of fields and other rules is in check.ts. */
import { z } from 'zod';
import { KINDS, type Value } from '../../sensor/observation.ts';
import { LEVELS } from '../finding.ts';
import { Fault, quoted, suggestion } from './fault.ts';
import { MAX_WINDOW } from './window.ts';

const MAX_LIST = 100;
const MAX_EXAMPLES = 200;
const MAX_TIMES = 2000;

const line = z.string().min(1).max(200);
const prose = z.string().min(1).max(4000);
const lines = z.array(prose).max(MAX_LIST);
const count = z.number().int().min(0).max(MAX_WINDOW);

/** `500ms`, `60s`, `5m`, `1h`, `2d` to ms. */
const span = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, 'must be a time such as 60s, 5m or 1h')
  .transform((text) => Number.parseInt(text, 10) * ({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[text.replace(/\d+/, '')] as number));

const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string().max(4096), z.number(), z.boolean(), z.null(), z.array(value).max(MAX_TIMES), z.record(z.string(), value)]),
);

/** Flat fields, and beside them how often the example comes. */
const example = z.record(z.string(), value).transform((raw, context) => {
  const { times, every, vary, ...fields } = raw;
  const sugar = z
    .strictObject({
      times: z.number().int().min(1).max(MAX_TIMES).default(1),
      every: span.default(1000),
      vary: z.record(z.string(), z.array(value).min(1).max(MAX_TIMES)).default({}),
    })
    .safeParse({ times, every, vary }, { reportInput: true });
  if (!sugar.success) for (const issue of sugar.error.issues) context.addIssue({ code: 'custom', message: words(issue), path: issue.path });
  const { data = { times: 1, every: 1000, vary: {} } } = sugar;
  const longest = Math.max(data.times, ...Object.values(data.vary).map((list) => list.length));
  return { fields, ...data, times: longest };
});

const test = z.strictObject({
  it: line,
  learned: z.array(example).max(MAX_EXAMPLES).default([]),
  given: z.array(example).min(1).max(MAX_EXAMPLES),
  finds: z.array(z.record(z.string(), value)).max(MAX_EXAMPLES),
});

const correlation = z.strictObject({
  type: z.enum(['event_count', 'value_count']),
  rules: z.array(line).min(1).max(MAX_LIST),
  'group-by': z.array(line).min(1).max(8),
  timespan: span,
  condition: z.strictObject({
    field: line.optional(),
    gte: count.optional(),
    gt: count.optional(),
    lte: count.optional(),
    lt: count.optional(),
    eq: count.optional(),
  }),
});

const stillwatch = z.strictObject({
  version: z.number().int().min(1),
  enabled: z.boolean().default(true),
  silent: z.boolean().default(false),
  catalogue: z
    .array(z.string().regex(/^(MB|UA|OT)-\d{2}$/, 'must look like MB-03'))
    .max(MAX_LIST)
    .default([]),
  subject: z.array(line).min(1).max(8),
  explain: prose,
  why: prose,
  respond: z.strictObject({ soc: prose, plant: prose }),
  blind: prose,
  compliance: z.array(line).max(MAX_LIST).default([]),
  tests: z.array(test).max(MAX_LIST),
});

export const ruleFile = z.strictObject({
  title: line,
  id: z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'must be a UUID in lower case'),
  name: z
    .string()
    .max(80)
    .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be lower-case words joined by "-"'),
  status: z.enum(['experimental', 'test', 'stable', 'deprecated']),
  level: z.enum(LEVELS),
  description: prose,
  author: line.optional(),
  date: line.optional(),
  modified: line.optional(),
  license: line.optional(),
  related: z
    .array(z.strictObject({ id: line, type: line }))
    .max(MAX_LIST)
    .optional(),
  references: lines.default([]),
  tags: z.array(line).max(MAX_LIST).default([]),
  logsource: z.strictObject({ product: z.literal('stillwatch'), category: z.enum(KINDS) }).optional(),
  detection: z.record(z.string(), z.unknown()).optional(),
  correlation: correlation.optional(),
  falsepositives: lines.default([]),
  stillwatch,
});
export type RuleFile = z.infer<typeof ruleFile>;

const NAMES = [ruleFile.shape, stillwatch.shape, correlation.shape, test.shape, stillwatch.shape.respond.shape, correlation.shape.condition.shape].flatMap(
  (shape) => Object.keys(shape),
);

const where = (path: readonly PropertyKey[]): string =>
  path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${String(key)}`)).join('');

/** What is wrong, most telling first. */
export function faults(error: z.ZodError): Fault[] {
  return error.issues.map((issue) => new Fault(where(issue.path), words(issue)));
}

function words(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown field ${quoted(issue.keys[0])}${suggestion(issue.keys[0] as string, NAMES)}`;
  if (issue.input === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) return 'is missing';
  if (issue.code === 'invalid_type') return `must be ${article(issue.expected)}`;
  if (issue.code === 'invalid_value') return `${issue.message.startsWith('Invalid option') ? 'must be one of' : 'must be'} ${issue.values.join(', ')}`;
  if (issue.code === 'too_big')
    return `has more than ${issue.maximum} ${issue.origin === 'string' ? 'characters' : issue.origin === 'array' ? 'entries' : ''}`.trim();
  if (issue.code === 'too_small') return issue.origin === 'string' || issue.origin === 'array' ? 'is empty' : `must be at least ${issue.minimum}`;
  return issue.message.replace(/\s+/g, ' ').slice(0, 200);
}

const article = (type: string): string =>
  ({ object: 'a map', record: 'a map', array: 'a list', string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false' })[type] ?? type;
