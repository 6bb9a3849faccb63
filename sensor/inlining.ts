/**
 * How the engine compiles what runs for every frame. A frame passes through some thirty small functions; by V8's own limits only the first few of them are compiled
 * into one, and the rest are calls. With more room a frame costs a sixth less (`npm run bench`). An engine that does not know these limits goes by its own.
 */
import { setFlagsFromString } from 'node:v8';

/** Bytes of bytecode that may be put into one function, and those of the largest function that is put into another. */
setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
setFlagsFromString('--max-inlined-bytecode-size=1000');
