import { pointId } from '../analyzer/point.ts';
import { needsOrder, type Tag } from '../analyzer/tags/tag.ts';
import { InputError } from '../sensor/capture/source.ts';
import { type Command, DONE, print } from './command.ts';
import { notationFlag, readTagLists } from './taglists.ts';

export const tags: Command = {
  summary: 'check tag lists, which name registers and make engineering units of them',
  help: `stillwatch tags check FILE... [--notation NAME]

Reads tag lists as --tags would (10.0.0.9=FILE where a list has no column server) and says what is in them, or line by line
what is wrong; exits 2 then. A list is CSV with these columns, in any order:

  server            IP address of the device
  unit              Modbus unit, 0 to 255
  table             coils, discrete_inputs, input_registers or holding_registers
  address           from 0 as on the wire; 100.3 is bit 3 of register 100
  name              what people call it
  type              bool, int16, uint16, int32, uint32, int64, uint64, float32, float64, bcd16, bcd32 or string(N)
  word_order        big (ABCD), little (CDAB), BADC or DCBA; empty: values of several registers are not decoded
  scale, offset     value = number x scale + offset; empty: 1 and 0
  engineering_unit  m, bar, l/s, ...
  low, high         limits, in engineering units
  notation          how this row writes its address: wire, one-based, or modicon (40101; then table may be missing)

  --notation NAME   how addresses are written where no column says it: wire (default), one-based or modicon`,
  options: { notation: { type: 'string' } },
  async run(words, flags) {
    const [action, ...files] = words;
    if (action !== 'check') throw new InputError(`tags takes check${action === undefined ? '' : `, not "${action}"`}`);
    if (files.length === 0) throw new InputError('tags check needs a tag list (CSV)');
    await print(summary(await readTagLists(files, notationFlag(flags))));
    return DONE;
  },
};

function summary(all: readonly Tag[]): string {
  const devices = Map.groupBy(all, ({ server }) => server);
  const lines = [...devices].map(([server, own]) => {
    const units = [...new Set(own.map(({ unit }) => unit))].sort((a, b) => a - b);
    const undecided = own.filter((tag) => needsOrder(tag) && tag.order === null);
    const first = undecided[0];
    const note = first === undefined ? '' : `; ${undecided.length} without a word order are not decoded, the first is ${first.name} (${pointId(first)})`;
    return `${server}: ${own.length} tags, unit ${units.slice(0, 12).join(', ')}${units.length > 12 ? ', ...' : ''}${note}\n`;
  });
  return `${lines.join('')}${all.length} tags, all in order\n`;
}
