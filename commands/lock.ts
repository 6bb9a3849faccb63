import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { InputError } from '../sensor/capture/source.ts';

/**
 * Claims a state directory for this process: two appliances would write over each other. The lock is one of SQLite's, which ends with the process however that
 * ends. Throws an InputError of one line when another process has it. Gives what releases it.
 */
export function claim(state: string): () => void {
  const database = new DatabaseSync(join(state, 'lock.db'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch {
    database.close();
    throw new InputError(`another Stillwatch uses the state directory ${state}; end it, or set STILLWATCH_STATE (and STILLWATCH_LISTEN) to something else`);
  }
  return () => database.close();
}
