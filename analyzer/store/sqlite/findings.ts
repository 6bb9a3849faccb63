/** Findings: saved as the wire has them, read with what people made of them. */
import { behindGateway } from '../../asset.ts';
import type { Finding, FindingView } from '../../finding.ts';
import { foldFinding } from '../fold.ts';
import { micros, searchable, words } from '../order.ts';
import { byCount, sortNamed } from '../page.ts';
import type { Facet, FindingFacets, FindingQuery, Page } from '../store.ts';
import type { Database, Input, Row } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { type Filter, filterOf, page, type Sort, total, when, where } from './page.ts';

const COLUMNS = 'json, status, resolution, decided_by, assignee, suppressed';

const SORTS: { [name: string]: Sort<FindingView> } = {
  last_seen: { column: 'last_seen', type: 'number', of: (finding) => micros(finding.last_seen) },
  opened: { column: 'opened', type: 'number', of: (finding) => micros(finding.opened) },
  risk: { column: 'risk', type: 'number', of: (finding) => finding.risk },
  count: { column: 'count', type: 'number', of: (finding) => finding.count },
};

const SAVE = `INSERT INTO findings (id, opened, last_seen, risk, count, level, rule, actor, target, search, json, status, resolution, decided_by, assignee,
  suppressed, suppressed_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET opened = excluded.opened, last_seen = excluded.last_seen, risk = excluded.risk, count = excluded.count, level = excluded.level,
    rule = excluded.rule, actor = excluded.actor, target = excluded.target, search = excluded.search, json = excluded.json,
    status = excluded.status, resolution = excluded.resolution, decided_by = excluded.decided_by, assignee = excluded.assignee,
    suppressed = excluded.suppressed, suppressed_until = excluded.suppressed_until`;

const REFOLD = 'UPDATE findings SET status = ?, resolution = ?, decided_by = ?, assignee = ?, suppressed = ?, suppressed_until = ? WHERE id = ?';

/** As the columns have it. */
function lifeOf(db: Database, id: string): Input[] {
  const { status, resolution, decided_by, assignee, suppressed } = foldFinding(decisionsOn(db, { kind: 'finding', id }));
  const muted = suppressed === null ? ['', 0] : [JSON.stringify(suppressed), micros(suppressed.until)];
  return [status, resolution, decided_by, assignee ?? '', ...muted];
}

const lower = (text: string | null): string | null => text?.toLowerCase() ?? null;

export function saveFinding(db: Database, finding: Finding): void {
  const { id, actor, target } = finding;
  const search = searchable(finding.title, finding.explanation, actor.ip, actor.name, target.ip, target.name);
  const seen = [id, micros(finding.opened), micros(finding.last_seen), finding.risk, finding.count, finding.level, finding.rule.name];
  db.run(SAVE, ...seen, lower(actor.ip), lower(target.ip), search, JSON.stringify(finding), ...lifeOf(db, id));
}

/** After a decision; nothing when the finding has not arrived yet. */
export const refoldFinding = (db: Database, id: string): void => void db.run(REFOLD, ...lifeOf(db, id), id);

const read = (row: Row): FindingView =>
  ({
    ...JSON.parse(String(row['json'])),
    status: row['status'],
    resolution: row['resolution'],
    decided_by: row['decided_by'],
    assignee: row['assignee'] || null,
    suppressed: row['suppressed'] ? JSON.parse(String(row['suppressed'])) : null,
  }) as FindingView;

export function readFinding(db: Database, id: string): FindingView | null {
  const row = db.get(`SELECT ${COLUMNS} FROM findings WHERE id = ?`, id);
  return row === undefined ? null : read(row);
}

const CHOICES = ['status', 'level', 'rule', 'assignee'] as const;
type Choice = (typeof CHOICES)[number];

const BY_CHOICE = ' INDEXED BY findings_by_choice';
const SUPPRESSED = ' INDEXED BY findings_suppressed';
/** Nothing is suppressed for longer. */
const NEVER = Number.POSITIVE_INFINITY;
const timeOf = ({ at }: FindingQuery): number => (at === undefined ? NEVER : micros(at));
/** Findings of the chosen kinds up to which they are looked up and sorted; more are met soon enough by walking in sorted order. */
const FEW = 5000;

type Condition = readonly [string, ...Input[]];

/** Findings of a device; of one behind a gateway those whose target is its unit. */
function about(address: string): Condition {
  const behind = behindGateway(address);
  if (behind === null) return ['(actor = ? OR target = ?)', address.toLowerCase(), address.toLowerCase()];
  return ["target = ? AND json_extract(json, '$.target.unit_id') = ?", behind.server.toLowerCase(), behind.unit];
}

/** The same in parts that have no finding in common, each answered by its own index. */
function partsOf(address: string | undefined): (Condition | null)[] {
  if (!address) return [null];
  if (behindGateway(address) !== null) return [about(address)];
  const value = address.toLowerCase();
  return [
    ['target = ?', value],
    ['actor = ? AND target IS NOT ?', value, value],
  ];
}

/** Everything but the choices. `device`: what stands for the address. */
function scopeOf({ address, text, since, until }: FindingQuery, device: Condition | null = when(address, about)): Filter {
  return filterOf(
    device,
    when(since, (time) => ['last_seen >= ?', micros(time)]),
    when(until, (time) => ['opened < ?', micros(time)]),
    ...words(text ?? '').map((word) => ['instr(search, ?) > 0', word] as const),
  );
}

type Combination = { [choice in Choice]: string } & { n: number };

const COMBINATION = CHOICES.join(', ');

/** Findings suppressed at a time (microseconds), by combination. */
const hidden = (db: Database, at: number): Combination[] =>
  db.all(
    `SELECT ${COMBINATION}, count(*) AS n FROM findings${SUPPRESSED} WHERE suppressed_until > ? AND suppressed_until > 0 GROUP BY ${COMBINATION}`,
    at,
  ) as Combination[];

const suppressed = (row: Combination): Combination => ({ ...row, status: 'suppressed' });

/** How many of each combination of choices there are in all. */
function kept(db: Database, at: number): Combination[] {
  const rows = db.all(`SELECT ${COMBINATION}, n FROM finding_counts WHERE n > 0`) as Combination[];
  const away = at === NEVER ? [] : hidden(db, at);
  return [...rows, ...away.flatMap((row) => [suppressed(row), { ...row, n: -row.n }])];
}

/** What was counted last: a page asks for its list and for the counts beside it. */
const counted = new WeakMap<Database, { key: string; rows: Combination[] }>();

/** Changes with every change of the file, ours or of another process. */
const version = (db: Database): string => JSON.stringify([db.get('SELECT total_changes() AS own'), db.get('PRAGMA data_version')]);

/** The same within the scope: counted from the findings when there is one. */
function within(db: Database, query: FindingQuery): Combination[] {
  if (scopeOf(query).sql.length === 0) return kept(db, timeOf(query));
  const { address, text, since, until, at } = query;
  const key = JSON.stringify([address, text, since, until, at, version(db)]);
  const known = counted.get(db);
  if (known?.key === key) return known.rows;
  const rows = count(db, query, timeOf(query));
  counted.set(db, { key, rows });
  return rows;
}

function count(db: Database, query: FindingQuery, at: number): Combination[] {
  const timeOnly = !query.address && words(query.text ?? '').length === 0;
  const columns = `${COMBINATION}, suppressed_until > ? AS away`;
  return partsOf(query.address).flatMap((device) => {
    const scope = scopeOf(query, device);
    const sql = `SELECT ${columns}, count(*) AS n FROM findings${timeOnly ? BY_CHOICE : ''}${where(scope)} GROUP BY ${COMBINATION}, away`;
    return db.all(sql, at, ...scope.values).map((row) => (row['away'] === 1 ? suppressed(row as Combination) : (row as Combination)));
  });
}

const passes = (query: FindingQuery, row: Combination, choice: Choice): boolean => {
  const wanted: string[] | undefined = query[choice];
  return wanted === undefined || wanted.length === 0 || wanted.includes(row[choice]);
};
const chosen = (query: FindingQuery, rows: Combination[]): Combination[] => rows.filter((row) => CHOICES.every((choice) => passes(query, row, choice)));
const sum = (rows: Combination[]): number => rows.reduce((count, row) => count + row.n, 0);

const isOneOf = (column: string, values: readonly string[]): Condition => [`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)];

/** What is suppressed has no other standing. */
function standings({ status = [] }: FindingQuery, at: number): Condition[] {
  if (status.length === 0) return [];
  if (isSuppressedOnly(status)) return [['suppressed_until > ? AND suppressed_until > 0', at]];
  const own = isOneOf('+status', status);
  if (status.includes('suppressed')) return [[`(suppressed_until > ? OR ${own[0]})`, at, ...own.slice(1)]];
  return at === NEVER ? [own] : [own, ['suppressed_until <= ?', at]];
}

const isSuppressedOnly = (status: readonly string[]): boolean => status.length > 0 && status.every((one) => one === 'suppressed');

/** The choices as conditions. `among` spells out what they come to, for the index by choice; else no index is looked for (`+`), since many pass. */
function choicesOf(query: FindingQuery, at: number, among: Combination[] | null): Filter {
  const valuesOf = (choice: Choice): readonly string[] => (among === null ? (query[choice] ?? []) : [...new Set(among.map((row) => row[choice]))]);
  const others = (['level', 'rule', 'assignee'] as const).filter((choice) => among !== null || valuesOf(choice).length > 0);
  const status = among === null ? [] : [isOneOf('status', valuesOf('status'))];
  const column = among === null ? '+' : '';
  return filterOf(...status, ...standings(query, at), ...others.map((choice) => isOneOf(column + choice, valuesOf(choice))));
}

/** Few are looked up and sorted; where many pass, walking in sorted order soon meets enough. */
function indexFor(query: FindingQuery, few: boolean, count: number, column: string): string {
  if (few) return BY_CHOICE;
  if (isSuppressedOnly(query.status ?? [])) return SUPPRESSED;
  return count > FEW ? ` INDEXED BY findings_by_${column}` : '';
}

export function listFindings(db: Database, query: FindingQuery): Page<FindingView> {
  const { order = 'desc', limit, cursor } = query;
  const at = timeOf(query);
  const rows = chosen(query, kept(db, at));
  const few = sum(rows) <= FEW && !query.status?.includes('suppressed');
  const scope = scopeOf(query);
  const choices = choicesOf(query, at, few ? rows : null);
  const filter = { sql: [...choices.sql, ...scope.sql], values: [...choices.values, ...scope.values] };
  const n = few && scope.sql.length > 0 ? total(db, `findings${BY_CHOICE}`, filter) : sum(chosen(query, within(db, query)));
  const sort = sortNamed(SORTS, query.sort ?? 'last_seen');
  const hint = indexFor(query, few, n, sort.column);
  return page(db, { table: 'findings', hint, columns: COLUMNS, filter, sort, order, limit, cursor, read }, n);
}

function facet(rows: Combination[], query: FindingQuery, choice: Choice): Facet {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (CHOICES.every((other) => other === choice || passes(query, row, other))) counts.set(row[choice], (counts.get(row[choice]) ?? 0) + row.n);
  }
  return byCount([...counts].filter(([, count]) => count > 0).map(([value, count]) => ({ value, count })));
}

export function countFindings(db: Database, query: FindingQuery): FindingFacets {
  const rows = within(db, query);
  return Object.fromEntries(CHOICES.map((choice) => [choice, facet(rows, query, choice)])) as FindingFacets;
}
