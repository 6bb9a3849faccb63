/** Tag lists: kept as they were imported; which one of an owner counts is decided. */
import { byPoint, type Tag, widthOf } from '../../tags/tag.ts';
import { CONFIGURATION, type TagList, type TagListHead, type TagQuery } from '../store.ts';
import type { Database, Row } from './database.ts';
import { decisionsOn } from './decisions.ts';
import { filterOf, when, where } from './page.ts';

/** Lists kept of one owner beside the one that counts: the way back from an import that was wrong. */
const MAX_LISTS = 8;
/** Tags of one run. */
const MAX_RUN = 256;

/** It counts when a decision names it, which may have come before. */
export function saveTagList(db: Database, { id, owner, file, tags }: TagList): void {
  const counts = decided(db, owner) === id ? 1 : 0;
  db.run('DELETE FROM tag_lists WHERE id = ? AND owner = ?', id, owner);
  const saved = db.run(
    'INSERT INTO tag_lists (id, owner, file, tags, counts) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    id,
    owner,
    file,
    tags.length,
    counts,
  );
  if (saved === 1) for (const run of runs(tags)) saveRun(db, id, run);
  const old = 'SELECT seq FROM tag_lists WHERE owner = ? AND counts = 0 ORDER BY seq DESC LIMIT -1 OFFSET ?';
  db.run(`DELETE FROM tag_lists WHERE seq IN (${old})`, owner, MAX_LISTS);
}

/** Id of the list that counts, '' for none. */
function decided(db: Database, owner: string): string {
  const last = decisionsOn(db, { kind: 'asset', id: owner }).findLast(({ kind }) => kind === 'tags');
  return last?.edit?.['list'] ?? '';
}

/** After a decision: its list counts, and no other of this owner. */
export const enforceTags = (db: Database, owner: string): void =>
  void db.run('UPDATE tag_lists SET counts = (id = ?) WHERE owner = ?', decided(db, owner), owner);

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

function saveRun(db: Database, list: string, run: Tag[]): void {
  const { server, unit, table, address } = run[0] as Tag;
  const last = run.reduce((end, tag) => Math.max(end, tag.address + widthOf(tag) - 1), address);
  const sql = 'INSERT INTO tag_runs (list, server, unit, space, first, last, json) VALUES (?, ?, ?, ?, ?, ?, ?)';
  db.run(sql, list, server.toLowerCase(), unit, table, address, last, JSON.stringify(run));
}

const head = ({ id, owner, file, tags, counts }: Row): TagListHead => ({
  id: String(id),
  owner: String(owner),
  file: String(file),
  tags: Number(tags),
  counts: counts === 1,
});

/** The oldest first. */
export const listTagLists = (db: Database, owner: string | undefined): TagListHead[] => {
  const filter = filterOf(when(owner, (value) => ['owner = ?', value]));
  return db.all(`SELECT id, owner, file, tags, counts FROM tag_lists${where(filter)} ORDER BY seq`, ...filter.values).map(head);
};

/** Those that count, by point; a device's own before those of the configuration, which they outrank. */
export function listTags(db: Database, { owner, server, unit, table, from, to }: TagQuery): Tag[] {
  const filter = filterOf(
    ['counts = ?', 1],
    when(owner, (value) => ['owner = ?', value]),
    when(server?.toLowerCase(), (value) => ['server = ?', value]),
    when(unit, (value) => ['unit = ?', value]),
    when(table, (value) => ['space = ?', value]),
    when(to, (value) => ['first < ?', value]),
    when(from, (value) => ['last >= ?', value]),
  );
  const order = 'server, unit, space, first, tag_lists.seq, tag_runs.seq';
  const rows = db.all(
    `SELECT json, owner = ? AS named FROM tag_runs JOIN tag_lists ON id = list${where(filter)} ORDER BY ${order}`,
    CONFIGURATION,
    ...filter.values,
  );
  const fits = (tag: Tag): boolean => (to === undefined || tag.address < to) && (from === undefined || tag.address + widthOf(tag) > from);
  const of = (named: number): Tag[] => {
    const runs = rows.filter((row) => row['named'] === named);
    return runs.flatMap((row) => (JSON.parse(String(row['json'])) as Tag[]).filter(fits)).sort(byPoint);
  };
  return [...of(0), ...of(1)];
}
