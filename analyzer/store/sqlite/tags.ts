/** Tag lists: kept as they were imported, and those that count once more by where their tags lie. */
import { byPoint, type Tag, widthOf } from '../../tags/tag.ts';
import { CONFIGURATION, type TagList, type TagQuery } from '../store.ts';
import type { Database } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { filterOf, when, where } from './page.ts';

/** Lists kept of one owner: the way back from an import that was wrong. */
const MAX_LISTS = 8;
/** Tags of one run. */
const MAX_RUN = 256;

const SAVE = 'INSERT INTO tag_lists (id, owner, json) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING';

/** It counts when a decision names it, which may have come before. */
export function saveTagList(db: Database, list: TagList): void {
  db.run('DELETE FROM tag_lists WHERE id = ? AND owner = ?', list.id, list.owner);
  db.run(SAVE, list.id, list.owner, JSON.stringify(list));
  const counts = decided(db, list.owner);
  const old = 'SELECT seq FROM tag_lists WHERE owner = ? AND id <> ? ORDER BY seq DESC LIMIT -1 OFFSET ?';
  db.run(`DELETE FROM tag_lists WHERE seq IN (${old})`, list.owner, counts, MAX_LISTS);
  if (counts === list.id) enforceTags(db, list.owner);
}

/** Id of the list that counts, '' for none. */
function decided(db: Database, owner: string): string {
  const last = decisionsOn(db, { kind: 'asset', id: owner }).findLast(({ kind }) => kind === 'tags');
  return last?.edit?.['list'] ?? '';
}

/** After a decision: its list counts, and no other of this owner. */
export function enforceTags(db: Database, owner: string): void {
  db.run('DELETE FROM tag_runs WHERE owner = ?', owner);
  const list = readTagList(db, decided(db, owner));
  if (list === null || list.owner !== owner) return;
  for (const run of runs(list.tags)) saveRun(db, list, run);
}

function* runs(tags: readonly Tag[]): Generator<Tag[]> {
  let run: Tag[] = [];
  for (const tag of tags.toSorted(byPoint)) {
    const before = run.at(-1);
    const apart = before !== undefined && (before.server !== tag.server || before.unit !== tag.unit || before.table !== tag.table);
    if (apart || run.length >= MAX_RUN) {
      yield run;
      run = [];
    }
    run.push(tag);
  }
  if (run.length > 0) yield run;
}

function saveRun(db: Database, { id, owner }: TagList, run: Tag[]): void {
  const { server, unit, table, address } = run[0] as Tag;
  const last = run.reduce((end, tag) => Math.max(end, tag.address + widthOf(tag) - 1), address);
  const sql = 'INSERT INTO tag_runs (owner, list, server, unit, space, first, last, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
  db.run(sql, owner, id, server.toLowerCase(), unit, table, address, last, JSON.stringify(run));
}

export function readTagList(db: Database, id: string): TagList | null {
  const row = db.get('SELECT json FROM tag_lists WHERE id = ?', id);
  return row === undefined ? null : (JSON.parse(String(row['json'])) as TagList);
}

/** Those that count, by point; a device's own before those of the configuration, which they outrank. */
export function listTags(db: Database, { owner, server, unit, table, from, to }: TagQuery): Tag[] {
  const filter = filterOf(
    when(owner, (value) => ['owner = ?', value]),
    when(server?.toLowerCase(), (value) => ['server = ?', value]),
    when(unit, (value) => ['unit = ?', value]),
    when(table, (value) => ['space = ?', value]),
    when(to, (value) => ['first < ?', value]),
    when(from, (value) => ['last >= ?', value]),
  );
  const order = 'owner = ?, server, unit, space, first, seq';
  const rows = db.all(`SELECT json FROM tag_runs${where(filter)} ORDER BY ${order}`, ...filter.values, CONFIGURATION);
  const tags = rows.flatMap((row) => JSON.parse(String(row['json'])) as Tag[]);
  return tags.filter((tag) => (to === undefined || tag.address < to) && (from === undefined || tag.address + widthOf(tag) > from));
}
