/** The register map. */
import { TABLES } from '../../point.ts';
import type { RegisterTable } from '../../registers/map.ts';
import type { RegisterQuery } from '../store.ts';
import type { Database } from './database.ts';
import { filterOf, when, where } from './page.ts';

const SAVE = `INSERT INTO registers (id, server, unit, space, json) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET server = excluded.server, unit = excluded.unit, space = excluded.space, json = excluded.json`;

export const saveRegisters = (db: Database, map: RegisterTable): void =>
  void db.run(SAVE, map.id, map.server.toLowerCase(), map.unit, map.table, JSON.stringify(map));

const ORDER = `CASE space ${TABLES.map((table, n) => `WHEN '${table}' THEN ${n}`).join(' ')} END`;

/** By server, unit and table. */
export function listRegisters(db: Database, { server, unit, table }: RegisterQuery): RegisterTable[] {
  const filter = filterOf(
    when(server?.toLowerCase(), (value) => ['server = ?', value]),
    when(unit, (value) => ['unit = ?', value]),
    when(table, (value) => ['space = ?', value]),
  );
  const rows = db.all(`SELECT json FROM registers${where(filter)} ORDER BY server, unit, ${ORDER}`, ...filter.values);
  return rows.map((row) => JSON.parse(String(row['json'])) as RegisterTable);
}
