/**
 * Runs of rules on one sample: `use_backend X if { hdr(host) -i a }` and `http-request deny if { path /a }`, 1 to
 * 5,000 of them. One lookup must make the last of 5,000 cost about what one rule costs; read in order, as the same
 * conditions are when something else stands between them, it costs thousands of comparisons. And runs that look for
 * texts in several samples: one search a sample must do for all of them (rules/sieve.ts).
 *
 *   npm run -s build && node dist/bench/micro/rule-dispatch.js
 */
import { frontendRules } from '../../test/support/compiled-rules.ts';
import { requestContext } from '../../test/support/rule-context.ts';

const ROUNDS = 200_000;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';

function nanosecondsPer(rounds: number, run: () => unknown): number {
  for (let index = 0; index < rounds / 10; index++) run();
  const start = process.hrtime.bigint();
  for (let index = 0; index < rounds; index++) run();
  return Number(process.hrtime.bigint() - start) / rounds;
}

function show(title: string, count: number, ns: number): void {
  console.log(`${title.padEnd(44)} ${String(count).padStart(5)} rules ${ns.toFixed(0).padStart(9)} ns`);
}

const eligible = (): boolean => true;

function measureBackends(count: number): void {
  const rules = Array.from(
    { length: count },
    (_, index) => `use_backend app if { hdr(host) -i h${index}.example }`,
  );
  const { backendSwitch } = frontendRules(rules);
  const ctx = requestContext('GET / HTTP/1.1', `Host: H${count - 1}.example`);
  show(
    'use_backend by host, last one matches',
    count,
    nanosecondsPer(ROUNDS, () => backendSwitch.choose(ctx, eligible)),
  );
}

const byPath = (index: number): string => `{ path /p${index} }`;
const byTexts = (index: number): string =>
  `{ path_beg /p${index}/ } { hdr(host) -i h${index} } || { hdr_sub(user-agent) -i robot${index} }`;

function measureRules(
  title: string,
  count: number,
  condition: (index: number) => string,
  between: readonly string[],
  rounds: number,
): void {
  const rules = Array.from({ length: count }, (_, index) => [
    `http-request deny if ${condition(index)}`,
    ...between,
  ]);
  const { httpRequest } = frontendRules(rules.flat());
  const ctx = requestContext('GET /none HTTP/1.1', `User-Agent: ${BROWSER}`);
  show(
    title,
    count,
    nanosecondsPer(rounds, () => httpRequest.run(ctx)),
  );
}

for (const count of [1, 10, 100, 1000, 5000]) measureBackends(count);
const BREW = ['http-request deny if { method BREW }'];
for (const [title, condition] of [
  ['deny by path, none matches', byPath],
  ['deny by texts in path and agent, none matches', byTexts],
] as const) {
  for (const count of [1, 10, 100, 1000]) measureRules(title, count, condition, [], ROUNDS);
  for (const count of [1, 10, 100, 1000])
    measureRules('the same, read in order', count, condition, BREW, ROUNDS / 100);
}
