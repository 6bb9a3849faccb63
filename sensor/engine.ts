/** How V8 compiles what runs for every frame, and how much garbage it lets lie. An engine that does not know one of these goes by its own. */
import { setFlagsFromString } from 'node:v8';

/**
 * A frame passes through some thirty small functions; by V8's own limits only the first few are compiled into one, and the rest are calls. With more room a frame
 * costs a sixth less (`npm run bench`). Bytes of bytecode that may be put into one function, and of the largest function that is put into another.
 */
setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
setFlagsFromString('--max-inlined-bytecode-size=1000');

/** In a flood most of what is met is forgotten again: the heap may grow by half of what is alive, not to four times of it, before it is cleaned. Percent. */
setFlagsFromString('--heap-growing-percent=50');
