/** The two loops of compression, in AssemblyScript: TypeScript's syntax with the words and memory of WebAssembly. */
export { CODES, CONTENT, OUTPUT, SYMBOLS_OF_CONTENT } from './areas';
export { findSymbols } from './find-symbols';
export { writeSymbols } from './write-symbols';
