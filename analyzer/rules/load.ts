/** Reads rule files: Sigma YAML, one rule a file. Whatever is wrong with one is a readable line, and the others load. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseDocument } from 'yaml';
import { checkCorrelation, checkRule } from './check.ts';
import { Fault, quoted } from './fault.ts';
import type { Detection, Rule } from './rule.ts';
import { faults, type RuleFile, ruleFile } from './schema.ts';

/** Bytes of a rule file, checked before it is read: the YAML parser needs quadratic time for some texts, here at most about a second. */
export const MAX_FILE = 65_536;
/** Maps and lists inside one another. */
export const MAX_DEPTH = 16;
/** Rule files in all. */
export const MAX_FILES = 20_000;
const MAX_FOLDERS_DEEP = 12;
/** Lines about one file. */
const MAX_LINES = 5;
const MAX_ALIASES = 64;

/**
 * Loads every *.yaml and *.yml below `dirs` (a single file is fine too), in order of path. `problems` are lines
 * `rules/modbus/x.yaml: detection.write: ...`; a rule with a problem is left out.
 */
export function loadRules(dirs: readonly string[]): { rules: Rule[]; problems: string[] } {
  const problems: string[] = [];
  const rules: Rule[] = [];
  for (const file of ruleFiles(dirs, problems)) {
    try {
      const rule = readRule(file);
      checkTwice(rule, rules);
      rules.push(rule);
    } catch (error) {
      problems.push(...linesOf(error).map((line) => `${shown(file)}: ${line}`));
    }
  }
  return { rules: withBases(rules, problems), problems };
}

/** Lines for whatever was thrown while reading one file. */
function linesOf(error: unknown): string[] {
  if (error instanceof Fault) return [error.line];
  if (error instanceof Faults) return error.lines;
  return [oneLine(error instanceof Error ? error.message : String(error))];
}

class Faults extends Error {
  readonly lines: string[];

  constructor(all: readonly Fault[]) {
    super('faults');
    this.lines = all.slice(0, MAX_LINES).map((fault) => fault.line);
    if (all.length > MAX_LINES) this.lines.push(`and ${all.length - MAX_LINES} more problems`);
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 300);

/** Relative to the working directory when it lies below it. */
function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') || near === '' ? file : near;
}

/** The rule of one file. Throws. */
export function readRule(file: string): Rule {
  return parseRule(read(file), file);
}

/** The rule in `text`. Throws a Fault or several. */
export function parseRule(text: string, file: string): Rule {
  const parsed = ruleFile.safeParse(parseYaml(text), { reportInput: true });
  if (!parsed.success) throw new Faults(faults(parsed.error));
  const rule = ruleOf(parsed.data, file, createHash('sha256').update(text).digest('hex'));
  checkRule(rule);
  return rule;
}

function read(file: string): string {
  let bytes: Buffer;
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE) throw new Fault('', `is ${size} bytes long, more than the ${MAX_FILE} of a rule file`);
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('', `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Fault('', 'is not UTF-8 text');
  }
}

/** One YAML 1.2 document without custom tags, shallow and with few aliases. */
function parseYaml(text: string): unknown {
  if (openBrackets(text) > MAX_DEPTH || dashes(text) > MAX_DEPTH) throw new Fault('', `maps and lists are nested deeper than ${MAX_DEPTH}`);
  let raw: unknown;
  try {
    const document = parseDocument(text, { prettyErrors: true, logLevel: 'error', uniqueKeys: true, stringKeys: true });
    const error = document.errors[0] ?? document.warnings[0];
    if (error !== undefined) throw new Fault('', `is not YAML: ${oneLine(error.message.split('\n')[0] as string).replace(/:$/, '')}`);
    raw = document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('', `is not YAML: ${oneLine(error instanceof RangeError ? 'nested too deep' : (error as Error).message)}`);
  }
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) throw new Fault('', 'is empty or not a map');
  if (deeper(raw, MAX_DEPTH)) throw new Fault('', `maps and lists are nested deeper than ${MAX_DEPTH}`);
  return raw;
}

/** The deepest run of opening brackets, before the parser recurses into them. Text may hold brackets too, but hardly so many unclosed. */
function openBrackets(text: string): number {
  let [open, most] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) most = Math.max(most, ++open);
    else if ((c === 0x5d || c === 0x7d) && open > 0) open--;
  }
  return most;
}

/** `- - - - x`: the most indicators of a nested block on one line. */
const dashes = (text: string): number => Math.max(0, ...(text.match(/^[ \t]*(?:[-?:] +){8,}/gm) ?? []).map((run) => run.trim().split(/ +/).length));

function deeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== 'object') return false;
  return levels === 0 || Object.values(value).some((each) => deeper(each, levels - 1));
}

function ruleOf(file: RuleFile, path: string, hash: string): Rule {
  const { title, id, name, status, level, description, tags, falsepositives, references, detection, correlation, logsource, stillwatch } = file;
  if ((detection === undefined) === (correlation === undefined)) throw new Fault('', 'needs either "detection" or "correlation"');
  if (detection !== undefined && logsource === undefined) throw new Fault('logsource', 'is missing');
  if (correlation !== undefined && logsource !== undefined) throw new Fault('logsource', 'a correlation has none: its rules do');
  const { silent } = stillwatch;
  if (silent && level !== 'informational') throw new Fault('level', 'a silent rule is informational');
  return {
    title,
    id,
    name,
    status,
    level,
    description,
    tags,
    falsepositives,
    references,
    ...stillwatch,
    category: logsource?.category ?? '',
    detection: (detection as Detection | undefined) ?? null,
    correlation: correlation ?? null,
    file: path,
    hash,
  };
}

function checkTwice(rule: Rule, rules: readonly Rule[]): void {
  const twin = rules.find(({ id, name }) => id === rule.id || name === rule.name);
  if (twin === undefined) return;
  const [path, value] = twin.id === rule.id ? ['id', rule.id] : ['name', rule.name];
  throw new Fault(path as string, `${quoted(value)} is already that of ${shown(twin.file)}`);
}

/** Leaves out correlations over rules that are not there. */
function withBases(rules: Rule[], problems: string[]): Rule[] {
  return rules.filter(({ correlation, enabled, file }) => {
    if (correlation === null || !enabled) return true;
    try {
      checkCorrelation(correlation, rules);
      return true;
    } catch (error) {
      problems.push(...linesOf(error).map((line) => `${shown(file)}: ${line}`));
      return false;
    }
  });
}

function ruleFiles(dirs: readonly string[], problems: string[]): string[] {
  const files: string[] = [];
  const seen = new Set<string>();
  for (const dir of dirs) walk(dir, 0, files, seen, problems);
  return files;
}

/** Follows links, visits no folder twice, reads nothing that is not a plain file. */
function walk(path: string, depth: number, files: string[], seen: Set<string>, problems: string[]): void {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) {
      if (depth === 0 || /\.ya?ml$/i.test(path)) addFile(path, stat.isFile(), files, problems);
      return;
    }
    const real = realpathSync(path);
    if (seen.has(real)) return;
    seen.add(real);
    if (depth > MAX_FOLDERS_DEEP) throw new Fault('', `folders are nested deeper than ${MAX_FOLDERS_DEEP}`);
    for (const name of readdirSync(path).sort()) if (!name.startsWith('.')) walk(join(path, name), depth + 1, files, seen, problems);
  } catch (error) {
    problems.push(`${shown(path)}: ${error instanceof Fault ? error.line : `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`}`);
  }
}

function addFile(path: string, plain: boolean, files: string[], problems: string[]): void {
  if (!plain) problems.push(`${shown(path)}: is not a plain file`);
  else if (files.length < MAX_FILES) files.push(path);
  else if (files.length === MAX_FILES) {
    files.push(path);
    problems.push(`${shown(path)}: more than ${MAX_FILES} rule files; this and the rest are not read`);
  }
}

/** Whether a file is called after the rule in it. */
export const isNamedAfter = (rule: Rule): boolean => basename(rule.file).replace(/\.ya?ml$/i, '') === rule.name;
