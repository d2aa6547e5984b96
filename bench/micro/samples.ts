/**
 * Samples, conditions, pattern lists and log formats, as a request evaluates them: `node dist/bench/micro/samples.js`.
 * What a list of 10,000 patterns costs beside one of 10 shows which index it has.
 */
import type { CompiledCondition } from '../../src/acl/compiled.ts';
import { compileCondition } from '../../src/acl/condition.ts';
import { compileExpression } from '../../src/acl/expression.ts';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { DEFAULT_FORMATS } from '../../src/acl/log-format/formats.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import { AT, conditionOf, testEnvironment } from '../../test/acl/compile-environment.ts';
import { CLIENT, requestHead, sampleContext } from '../../test/acl/sample-context.ts';
import { measure } from './measure.ts';

const PHASE = phaseBit('frontend http-request header rule');
const contexts = Array.from({ length: 256 }, (_, index) =>
  sampleContext({
    request: requestHead('GET', `/app/section-${index}/page.html?id=${index}&lang=de`, [
      ['Host', `Www-${index * 39}.Example.com`],
      ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'],
      ['Accept', 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8'],
      ['Cookie', `sid=${index}; theme=dark; lang=de`],
      ['X-Forwarded-For', '192.0.2.1, 10.0.0.1'],
    ]),
    client: { ...CLIENT, source: { family: 4, host: `10.${index}.7.9`, port: 50000 } },
  }),
);
const contextAt = (index: number) => contexts[index & 255] as (typeof contexts)[number];

function expression(text: string): void {
  const compiled = compileExpression(text, AT, PHASE, testEnvironment());
  if (compiled === undefined) throw new Error(text);
  measure(text, index => void compiled.string(contextAt(index)));
}

function condition(
  name: string,
  text: string,
  files: Readonly<Record<string, string>> = {},
): CompiledCondition {
  const compiled = compileCondition(conditionOf(text), PHASE, testEnvironment({ files }));
  if (compiled === undefined) throw new Error(text);
  measure(name, index => void compiled.test(contextAt(index)), 50_000);
  return compiled;
}

for (const text of [
  'method',
  'path',
  'path,lower',
  'req.hdr(host)',
  'req.hdr(host),lower,field(1,:)',
  'req.hdr(x-forwarded-for,-1)',
  'req.cook(theme)',
  'url_param(lang)',
  'src',
  'src,ipmask(24)',
  'base,sha1,hex',
  'str(a),concat(b)',
])
  expression(text);

condition('if { path_beg /api }', 'if { path_beg /api }');
condition('if { hdr(host) -i a b c }', 'if { hdr(host) -i a b c }');
condition('if METH_GET { path_reg ^/app/section-[0-9]+/ }', 'if METH_GET { path_reg ^/app/section-[0-9]+/ }');

const MANY: readonly (readonly [string, string, (index: number) => string])[] = [
  ['str', 'hdr(host) -i -m str', index => `www-${index}.example.com`],
  ['beg', 'path -m beg', index => `/other-${index}/`],
  ['end', 'hdr(host) -i -m end', index => `-${index}.example.org`],
  ['sub', 'path -m sub', index => `word${index}x`],
  ['dir', 'path -m dir', index => `folder-${index}`],
  ['dom', 'hdr(host) -i -m dom', index => `label-${index}`],
  ['ip', 'src -m ip', index => `172.${16 + (index >> 8)}.${index & 255}.0/24`],
  ['int', 'path,length -m int', index => String(1000 + index)],
];
for (const [method, criterion, patternAt] of MANY)
  for (const count of [10, 10_000]) {
    const list = Array.from({ length: count }, (_, index) => patternAt(index)).join('\n');
    condition(`-m ${method}, ${count} patterns, none matches`, `if { ${criterion} -f list }`, { list });
  }

for (const name of ['httplog', 'tcplog'] as const) {
  const format = compileLogFormat(DEFAULT_FORMATS[name], AT, phaseBit('logs'), testEnvironment(), {
    style: 'log',
  });
  measure(name, index => void format?.render(contextAt(index)), 50_000);
}
