/**
 * Compression of pieces of 16 KB, as they come from servers, by its own code and by zlib at its lowest level:
 * nanoseconds of a byte, and what comes out of a hundred bytes. In the joined program its own code takes three quarters of
 * what it takes here: what a module imports V8 loads again wherever it is used.
 */
import { readFileSync } from 'node:fs';
import { constants, deflateRawSync } from 'node:zlib';
import { Deflater } from '../../src/deflate/deflater.ts';
import { GzipWrapping } from '../../src/deflate/wrappings.ts';
import { prose } from '../prose.ts';
import { measure } from './measure.ts';

const PIECE = 16_384;
const WARM_UP = 4000;

const CONTENTS: Readonly<Record<string, Buffer>> = {
  'body of the benchmark': Buffer.from(prose(20_000)),
  'docs/performance.md': readFileSync('docs/performance.md'),
  'docs/samples.md': readFileSync('docs/samples.md'),
  'a built script': readFileSync('dist/src/proxy/http-stream.js'),
};

const deflater = new Deflater();
const settings = { level: 1, finishFlush: constants.Z_SYNC_FLUSH };

type Compress = (piece: Buffer) => number;

function compare(name: string, content: Buffer, compress: Compress): void {
  const pieces = Array.from({ length: Math.ceil(content.length / PIECE) }, (_, index) =>
    content.subarray(index * PIECE, (index + 1) * PIECE),
  );
  const size = pieces.reduce((sum, piece) => sum + compress(piece), 0);
  const percent = ((100 * size) / content.length).toFixed(1);
  measure(
    `${name}, to ${percent} %: a byte`,
    () => {
      for (const piece of pieces) compress(piece);
    },
    Math.ceil((WARM_UP * PIECE) / content.length),
    content.length,
  );
}

for (const [name, content] of Object.entries(CONTENTS)) {
  compare(name, content, piece => deflater.deflate(piece, false).length);
  compare(`${name}, zlib`, content, piece => deflateRawSync(piece, settings).length);
}
const gzip = new GzipWrapping();
compare('checksum of gzip', CONTENTS['body of the benchmark'] as Buffer, piece => {
  gzip.add(piece);
  return 0;
});
