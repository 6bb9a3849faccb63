/** Comma-separated values (RFC 4180), read as spreadsheets write them: quotes, CRLF, a byte-order mark, and `;` or tab instead of the comma. */

/** Bytes of one list. */
export const MAX_CSV_BYTES = 64 * 1024 * 1024;
/** Fields of one row; a row with more is cut, which its reader sees as a field too many. */
const MAX_FIELDS = 64;
/** Characters of one field. */
const MAX_FIELD = 4096;

export type Row = {
  /** Where it begins, from 1. */
  line: number;
  fields: string[];
  /** What is wrong with its quotes; '' when nothing is. */
  flaw: string;
};

/** What cannot be text: a sentence with the line, null for UTF-8. */
export function notText(bytes: Uint8Array): string | null {
  if (bytes.length > MAX_CSV_BYTES) return `is larger than ${MAX_CSV_BYTES / 1024 / 1024} MB`;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return 'is UTF-16; save it as "CSV UTF-8"';
  const line = badLine(bytes);
  return line === 0 ? null : `line ${line}: is not UTF-8; save the list as "CSV UTF-8"`;
}

const strict = new TextDecoder('utf-8', { fatal: true });

const isText = (bytes: Uint8Array): boolean => {
  try {
    strict.decode(bytes);
    return !bytes.includes(0);
  } catch {
    return false;
  }
};

/** The first line that is no text, 0 when all are. */
function badLine(bytes: Uint8Array): number {
  if (isText(bytes)) return 0;
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const feed = bytes.indexOf(10, start);
    const end = feed < 0 ? bytes.length : feed + 1;
    if (!isText(bytes.subarray(start, end))) return line;
    start = end;
  }
  return line;
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8').decode(bytes);

/** What separates the fields of a header line: the comma, unless there are more semicolons or tabs outside quotes. */
export function separatorOf(text: string): string {
  const header =
    text
      .slice(0, 10_000)
      .split(/\r?\n/)
      .find((line) => line.trim() !== '') ?? '';
  const bare = header.replaceAll(/"[^"]*"/g, '');
  const many = (separator: string): number => bare.split(separator).length;
  return [',', ';', '\t'].reduce((best, one) => (many(one) > many(best) ? one : best));
}

/** Row after row; empty lines are passed over. Never throws: what is wrong with a row is its `flaw`. */
export function* rows(text: string, separator: string): Generator<Row> {
  const reader = new Reader(text, separator);
  while (!reader.ended) {
    const row = reader.row();
    if (row.fields.length > 1 || row.fields[0]?.trim() !== '' || row.flaw !== '') yield row;
  }
}

class Reader {
  private at = 0;
  private line = 1;
  private readonly text: string;
  private readonly separator: string;

  constructor(text: string, separator: string) {
    this.text = text;
    this.separator = separator;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  row(): Row {
    const row: Row = { line: this.line, fields: [], flaw: '' };
    if (!this.plainLine(row)) this.quotedLine(row);
    this.line++;
    return row;
  }

  /** A line without a quote is split as it stands: nearly every one of a long list. */
  private plainLine(row: Row): boolean {
    const end = this.endOfLine();
    const stop = end > this.at && this.text[end - 1] === '\r' ? end - 1 : end;
    const line = this.text.slice(this.at, Math.min(stop, this.at + MAX_FIELDS * MAX_FIELD));
    if (line.includes('"')) return false;
    row.fields = line.split(this.separator, MAX_FIELDS + 1);
    this.at = end + 1;
    return true;
  }

  /** In quotes a field may hold separators, line ends and doubled quotes. */
  private quotedLine(row: Row): void {
    for (;;) {
      const value = this.text[this.at] === '"' ? this.quoted(row) : this.bare();
      if (row.fields.length <= MAX_FIELDS) row.fields.push(value.slice(0, MAX_FIELD));
      if (this.text[this.at] !== this.separator) break;
      this.at++;
    }
    if (this.text[this.at] === '\r') this.at++;
    if (!this.ended && this.text[this.at] !== '\n') row.flaw ||= 'has something behind a closing quote';
    this.at = this.endOfLine() + 1;
  }

  private bare(): string {
    const start = this.at;
    while (!this.ended && this.text[this.at] !== this.separator && this.text[this.at] !== '\n' && this.text[this.at] !== '\r') this.at++;
    return this.text.slice(start, this.at);
  }

  private quoted(row: Row): string {
    let value = '';
    for (let start = this.at + 1; ; ) {
      const close = this.text.indexOf('"', start);
      const end = close < 0 ? this.text.length : close;
      if (value.length <= MAX_FIELD) value += this.text.slice(start, Math.min(end, start + MAX_FIELD + 1));
      for (let feed = this.text.indexOf('\n', start); feed >= 0 && feed < end; feed = this.text.indexOf('\n', feed + 1)) this.line++;
      this.at = end + 1;
      if (close < 0) row.flaw = 'opens a quote that never closes';
      if (this.text[this.at] !== '"' || close < 0) return value;
      value += '"';
      start = this.at + 1;
    }
  }

  private endOfLine(): number {
    const feed = this.text.indexOf('\n', this.at);
    return feed < 0 ? this.text.length : feed;
  }
}

/** A row as text. A leading = + - @ is no formula here: numbers may be negative, and names are quoted as they are. */
export const rowText = (fields: readonly (string | number)[]): string => `${fields.map((field) => fieldText(String(field))).join(',')}\r\n`;

const fieldText = (text: string): string => (/[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
