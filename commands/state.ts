import { mkdirSync } from 'node:fs';
import { InputError } from '../sensor/capture/source.ts';

/** Makes the folder when it is missing. */
export function stateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    return path;
  } catch (error) {
    throw new InputError(
      `state directory ${path} cannot be made (${(error as NodeJS.ErrnoException).code}); set STILLWATCH_STATE to a folder you may write to`,
    );
  }
}
