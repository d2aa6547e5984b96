import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLogFormat } from '../../src/acl/log-format.ts';
import { DEFAULT_FORMATS } from '../../src/acl/log-format/formats.ts';
import type { CompiledLogFormat, LogFormatOptions } from '../../src/acl/compiled.ts';
import { phaseBit } from '../../src/acl/phase.ts';
import { ByteLine } from '../../src/base/byte-line.ts';
import { NotedExchange } from '../../src/proxy/noted-exchange.ts';
import { PendingLines } from '../../src/proxy/pending-lines.ts';
import type { ExchangeContext, LogChannel } from '../../src/proxy/runtime.ts';
import { anyContext } from '../acl/any-context.ts';
import { AT, testEnvironment } from '../acl/compile-environment.ts';
import { LOG_PHASE } from '../acl/evaluate.ts';
import { randomNumbers } from '../support/random-numbers.ts';

const NO_CAPTURES: NonNullable<LogFormatOptions['captures']> = { request: [], response: [] };

function formatOf(text: string, captures = NO_CAPTURES): CompiledLogFormat {
  const env = testEnvironment();
  const options = { style: 'log', captures } as const;
  const format = compileLogFormat(text, AT, phaseBit(LOG_PHASE), env, options);
  assert.ok(format !== undefined, JSON.stringify(env.diagnostics));
  return format;
}

/** Of exchanges that are over: there always is one. */
function exchanges(count: number): ExchangeContext[] {
  const random = randomNumbers(5);
  const found: ExchangeContext[] = [];
  while (found.length < count) {
    const ctx = { ...anyContext(random), requestCaptures: [], responseCaptures: [] };
    if (ctx.transaction !== undefined) found.push(ctx as unknown as ExchangeContext);
  }
  return found;
}

class Channel implements LogChannel {
  readonly open = true;
  readonly lines: string[] = [];
  readonly refused: number[] = [];
  asked: (() => void)[] = [];
  readonly #line = new ByteLine();
  #level = 0;
  readonly later = (write: () => void): void => void this.asked.push(write);

  write(level: number, text: string): void {
    this.lines.push(`${level} ${text}`);
  }
  begin(level: number): ByteLine | undefined {
    this.#level = level;
    this.#line.length = 0;
    return this.refused.includes(level) ? undefined : this.#line;
  }
  end(): void {
    this.write(this.#level, this.#line.bytes.toString('latin1', 0, this.#line.length));
  }
}

for (const name of ['httplog', 'tcplog'] as const)
  test(`a ${name} line of what was noted is that of the exchange, whatever was noted before`, () => {
    const format = formatOf(DEFAULT_FORMATS[name]);
    const noted = new NotedExchange();
    const line = new ByteLine();
    for (const ctx of exchanges(500)) {
      noted.note(ctx, 6);
      line.length = 0;
      format.appendLogged?.(noted, line);
      assert.equal(line.bytes.toString('latin1', 0, line.length), format.render(ctx));
    }
  });

test('formats that ask for more than is noted are written at once', () => {
  assert.ok(formatOf(DEFAULT_FORMATS.httplog).appendLogged !== undefined);
  for (const text of ['%ci:%cp %[src]', '%ci %U', '%{+json}o %(a)ci', `${DEFAULT_FORMATS.httplog} %ID`])
    assert.equal(formatOf(text).appendLogged, undefined, text);
  assert.equal(formatOf(DEFAULT_FORMATS.httplog, { request: [1], response: [] }).appendLogged, undefined);
});

test('lines are written when they are asked for, in their order, all of them, those of a level nobody takes left out', () => {
  const channel = new Channel();
  channel.refused.push(3);
  const format = formatOf('%ci:%cp %{+Q}r');
  const pending = new PendingLines(channel, format.appendLogged ?? assert.fail());
  const all = exchanges(300);
  const wanted: string[] = [];
  for (const [index, ctx] of all.entries()) {
    const level = index % 3 === 0 ? 3 : 6;
    pending.note(ctx, level);
    if (level === 6) wanted.push(`6 ${format.render(ctx)}`);
  }
  assert.ok(
    channel.lines.length < wanted.length && channel.lines.length > 0,
    'some had to be written on the way',
  );
  for (const write of channel.asked) write();
  assert.deepEqual(channel.lines, wanted);
  channel.asked = [];
  pending.note(all[1] as ExchangeContext, 6);
  assert.equal(channel.asked.length, 1);
});
