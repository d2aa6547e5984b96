/**
 * How long a configuration of 5,000 backends with two servers each takes to parse: `node dist/bench/micro/parse-config.js`.
 * The first run counts for the start of the program; the later ones show what is left when the code is warm.
 */
import { parseConfig } from '../../src/config-parser/parse.ts';

const BACKENDS = 5000;
const RUNS = 5;

function backend(index: number): string {
  const net = `${index >> 8}.${index & 255}`;
  return (
    `backend b${index}\n balance roundrobin\n` +
    ` server s1 10.0.${net}:8080 check inter 2000 weight 10\n` +
    ` server s2 10.1.${net}:8080 check inter 2000 weight 10\n`
  );
}

function createText(): string {
  const indexes = Array.from({ length: BACKENDS }, (_, index) => index);
  const head = 'defaults\n mode http\n timeout client 30s\n timeout server 30s\n timeout connect 5s\n';
  const rules = indexes.map(index => ` use_backend b${index} if { hdr(host) -i h${index}.example.com }\n`);
  return `${head}frontend f\n bind :8080\n${rules.join('')}${indexes.map(backend).join('')}`;
}

const text = createText();
const lines = text.split('\n').length;
for (let run = 1; run <= RUNS; run++) {
  const start = performance.now();
  const { config } = parseConfig([{ path: 'bench.cfg', text }], {
    environment: {},
    readFile: () => ({ error: 'none' }),
  });
  const ms = performance.now() - start;
  if (config?.proxies.length !== BACKENDS + 1) throw new Error('the configuration was not accepted');
  console.log(`run ${run}: ${lines} lines in ${ms.toFixed(0)} ms`);
}
