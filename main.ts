/** The command line: one line a command. Everything is put together in `commands/`. */
import { BaselineError } from './analyzer/baseline/file.ts';
import { StoreError } from './analyzer/store/store.ts';
import { analyze } from './commands/analyze.ts';
import { type Command, DONE, parse, print, say, WRONG } from './commands/command.ts';
import { consoleCommand } from './commands/console.ts';
import { dissect } from './commands/dissect.ts';
import { doctor } from './commands/doctor.ts';
import { learn } from './commands/learn.ts';
import { rules } from './commands/rules.ts';
import { run } from './commands/run.ts';
import { store } from './commands/store.ts';
import { tags } from './commands/tags.ts';
import { InputError } from './sensor/capture/source.ts';

const COMMANDS: { [name: string]: Command } = { analyze, learn, dissect, run, console: consoleCommand, rules, tags, store, doctor };

function usage(): string {
  const lines = Object.entries(COMMANDS).map(([name, command]) => `  ${name.padEnd(9)} ${command.summary}`);
  return `stillwatch: passive security monitor for industrial networks\n\nusage: stillwatch COMMAND ...\n\n${lines.join('\n')}\n\nstillwatch COMMAND --help tells more.\n`;
}

async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    await print(usage());
    return name === undefined ? WRONG : DONE;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new InputError(`there is no command "${name}"; the commands are ${Object.keys(COMMANDS).join(', ')}`);
  const { paths, flags } = parse(command, rest);
  if (flags['help'] === true) {
    await print(`${command.help}\n`);
    return DONE;
  }
  return command.run(paths, flags);
}

/** Errors a user can mend are one line; anything else is ours and is told whole. */
function complain(error: unknown): number {
  const known = error instanceof InputError || error instanceof BaselineError || error instanceof StoreError;
  say(known ? `stillwatch: ${error.message}` : `stillwatch: this is a defect, please report it: ${error instanceof Error ? error.stack : String(error)}`);
  return WRONG;
}

// A reader that went away (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(DONE);
  throw error;
});

process.exitCode = await main(process.argv.slice(2)).catch(complain);
