/** Findings: saved as the wire has them, read with what people made of them. */
import { behindGateway } from '../../asset.ts';
import type { Finding, FindingView } from '../../finding.ts';
import { foldFinding } from '../fold.ts';
import { micros, searchable, words } from '../order.ts';
import { byCount, sortNamed } from '../page.ts';
import type { Facet, FindingQuery, Page } from '../store.ts';
import type { Database, Row } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { type Filter, filterOf, page, type Sort, total, when, where } from './page.ts';

const COLUMNS = 'json, status, resolution, decided_by';

const SORTS: { [name: string]: Sort<FindingView> } = {
  last_seen: { column: 'last_seen', type: 'number', of: (finding) => micros(finding.last_seen) },
  opened: { column: 'opened', type: 'number', of: (finding) => micros(finding.opened) },
  risk: { column: 'risk', type: 'number', of: (finding) => finding.risk },
  count: { column: 'count', type: 'number', of: (finding) => finding.count },
};

const SAVE = `INSERT INTO findings (id, opened, last_seen, risk, count, level, rule, actor, target, search, json, status, resolution, decided_by)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET opened = excluded.opened, last_seen = excluded.last_seen, risk = excluded.risk, count = excluded.count, level = excluded.level,
    rule = excluded.rule, actor = excluded.actor, target = excluded.target, search = excluded.search, json = excluded.json,
    status = excluded.status, resolution = excluded.resolution, decided_by = excluded.decided_by`;

const lower = (text: string | null): string | null => text?.toLowerCase() ?? null;

export function saveFinding(db: Database, finding: Finding): void {
  const { id, actor, target } = finding;
  const search = searchable(finding.title, finding.explanation, actor.ip, actor.name, target.ip, target.name);
  const life = foldFinding(decisionsOn(db, { kind: 'finding', id }));
  const seen = [id, micros(finding.opened), micros(finding.last_seen), finding.risk, finding.count, finding.level, finding.rule.name];
  db.run(SAVE, ...seen, lower(actor.ip), lower(target.ip), search, JSON.stringify(finding), life.status, life.resolution, life.decided_by);
}

/** After a decision; nothing when the finding has not arrived yet. */
export function refoldFinding(db: Database, id: string): void {
  const life = foldFinding(decisionsOn(db, { kind: 'finding', id }));
  db.run('UPDATE findings SET status = ?, resolution = ?, decided_by = ? WHERE id = ?', life.status, life.resolution, life.decided_by, id);
}

const read = (row: Row): FindingView =>
  ({ ...JSON.parse(String(row['json'])), status: row['status'], resolution: row['resolution'], decided_by: row['decided_by'] }) as FindingView;

export function readFinding(db: Database, id: string): FindingView | null {
  const row = db.get(`SELECT ${COLUMNS} FROM findings WHERE id = ?`, id);
  return row === undefined ? null : read(row);
}

const CHOICES = ['status', 'level', 'rule'] as const;
type Choice = (typeof CHOICES)[number];

const BY_CHOICE = ' INDEXED BY findings_by_choice';
/** Findings of the chosen kinds up to which they are looked up and sorted; more are met soon enough by walking in sorted order. */
const FEW = 5000;

/** Findings of a device; of one behind a gateway those whose target is its unit. */
function about(address: string): readonly [string, ...(string | number)[]] {
  const behind = behindGateway(address);
  if (behind === null) return ['(actor = ? OR target = ?)', address.toLowerCase(), address.toLowerCase()];
  return ["target = ? AND json_extract(json, '$.target.unit_id') = ?", behind.server.toLowerCase(), behind.unit];
}

/** Everything but the choices. */
function scopeOf({ address, text, since, until }: FindingQuery): Filter {
  return filterOf(
    when(address, about),
    when(since, (time) => ['last_seen >= ?', micros(time)]),
    when(until, (time) => ['opened < ?', micros(time)]),
    ...words(text ?? '').map((word) => ['instr(search, ?) > 0', word] as const),
  );
}

type Combination = { status: string; level: string; rule: string; n: number };

/** How many of each combination of choices there are in all. */
const kept = (db: Database): Combination[] => db.all('SELECT status, level, rule, n FROM finding_counts WHERE n > 0') as Combination[];

/** The same within the scope: counted from the findings when there is one. */
function within(db: Database, query: FindingQuery): Combination[] {
  const scope = scopeOf(query);
  if (scope.sql.length === 0) return kept(db);
  const timeOnly = !query.address && words(query.text ?? '').length === 0;
  const sql = `SELECT status, level, rule, count(*) AS n FROM findings${timeOnly ? BY_CHOICE : ''}${where(scope)} GROUP BY status, level, rule`;
  return db.all(sql, ...scope.values) as Combination[];
}

const passes = (query: FindingQuery, row: Combination, choice: Choice): boolean => {
  const wanted: string[] | undefined = query[choice];
  return wanted === undefined || wanted.length === 0 || wanted.includes(row[choice]);
};
const chosen = (query: FindingQuery, rows: Combination[]): Combination[] => rows.filter((row) => CHOICES.every((choice) => passes(query, row, choice)));
const sum = (rows: Combination[]): number => rows.reduce((count, row) => count + row.n, 0);

/** The choices as conditions; `among` spells out what they come to. */
function choicesOf(query: FindingQuery, among: Combination[] | null): Filter {
  return filterOf(
    ...CHOICES.map((choice) => {
      const values = among === null ? query[choice] : [...new Set(among.map((row) => row[choice]))];
      const list = among === null && !values?.length ? undefined : JSON.stringify(values);
      return when(list, (json) => [`${choice} IN (SELECT value FROM json_each(?))`, json] as const);
    }),
  );
}

export function listFindings(db: Database, query: FindingQuery): Page<FindingView> {
  const { order = 'desc', limit, cursor } = query;
  const rows = chosen(query, kept(db));
  const few = sum(rows) <= FEW;
  const scope = scopeOf(query);
  const choices = choicesOf(query, few ? rows : null);
  const filter = { sql: [...choices.sql, ...scope.sql], values: [...choices.values, ...scope.values] };
  const hint = few ? BY_CHOICE : '';
  const count = few && scope.sql.length > 0 ? total(db, `findings${hint}`, filter) : sum(chosen(query, within(db, query)));
  return page(db, { table: 'findings', hint, columns: COLUMNS, filter, sort: sortNamed(SORTS, query.sort ?? 'last_seen'), order, limit, cursor, read }, count);
}

function facet(rows: Combination[], query: FindingQuery, choice: Choice): Facet {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (CHOICES.every((other) => other === choice || passes(query, row, other))) counts.set(row[choice], (counts.get(row[choice]) ?? 0) + row.n);
  }
  return byCount([...counts].map(([value, count]) => ({ value, count })));
}

export function countFindings(db: Database, query: FindingQuery): { status: Facet; level: Facet; rule: Facet } {
  const rows = within(db, query);
  return { status: facet(rows, query, 'status'), level: facet(rows, query, 'level'), rule: facet(rows, query, 'rule') };
}
